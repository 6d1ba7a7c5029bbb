namespace WorkflowEngine;

/// <summary>
/// The right to change a job's state: a flag plus a mailbox, not a thread. A mutable struct, to be kept in a field; who holds the turn must open the letters before giving it up.
/// </summary>
internal struct Turn
{
    private Letter? _mail;
    private int _taken;

    /// <summary>Takes the turn if it is free, or becomes free within a short spin: a turn takes a microsecond, a letter costs a thread hop.</summary>
    public bool TryEnter()
    {
        if (Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
        {
            return true;
        }

        for (var spins = 0; spins < 20; spins++)
        {
            Thread.SpinWait(20);
            if (Volatile.Read(ref _taken) == 0 && Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Does something in the turn. An exception there is a defect, or a store that broke its contract: the job is given up, the turn is not kept, and so nobody waits for ever.</summary>
    public static void Do(FlowRunner runner, Action<FlowRunner> work)
    {
        try
        {
            work(runner);
        }
        catch (Exception error)
        {
            runner.Fail(error);
        }
    }

    /// <summary>Leaves a letter; when the turn is free by now, takes it and opens the mail.</summary>
    public Task<CommandVerdict> Post(FlowRunner runner, Letter letter)
    {
        do
        {
            letter.Next = Volatile.Read(ref _mail);
        }
        while (Interlocked.CompareExchange(ref _mail, letter, letter.Next) != letter.Next);
        if (Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
        {
            Leave(runner);
        }

        return letter.Task;
    }

    /// <summary>Drains the mailbox and gives the turn up.</summary>
    public void Leave(FlowRunner runner)
    {
        do
        {
            while (TakeMail() is { } oldest)
            {
                for (Letter? letter = oldest; letter is not null; letter = letter.Next)
                {
                    runner.Open(letter);
                }
            }
        }
        while (!TryRelease());
    }

    /// <summary>All letters, the oldest first; null: none.</summary>
    private Letter? TakeMail() => _mail is null ? null : Letter.Oldest(Interlocked.Exchange(ref _mail, null));

    /// <summary>
    /// Gives the turn up. False: a letter came and the turn is held again. A letter that comes between the last look and the release either finds the turn free,
    /// and its poster takes it, or is seen by the look after the release: none is left lying.
    /// </summary>
    private bool TryRelease()
    {
        Interlocked.Exchange(ref _taken, 0);
        return Volatile.Read(ref _mail) is null || Interlocked.CompareExchange(ref _taken, 1, 0) != 0;
    }
}

/// <summary>A command, or work, left for the holder of the turn; it completes when its effect is durable.</summary>
internal sealed class Letter() : TaskCompletionSource<CommandVerdict>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public JobCommand? Command { get; init; }

    public Action<FlowRunner>? Work { get; init; }

    public bool KeepsSlot { get; init; }

    public CommandVerdict Verdict { get; set; }

    public Letter? Next { get; set; }

    /// <summary>Turns the chain around: the mailbox holds the newest first.</summary>
    public static Letter? Oldest(Letter? newest)
    {
        Letter? oldest = null;
        while (newest is not null)
        {
            (newest.Next, newest, oldest) = (oldest, newest.Next, newest);
        }

        return oldest;
    }
}
