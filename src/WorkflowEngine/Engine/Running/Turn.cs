namespace WorkflowEngine;

/// <summary>
/// The right to change a job's state: a flag plus a mailbox, not a thread. Who finds the flag free does its work and drains the mailbox; who finds it taken leaves a letter.
/// Nothing that is done in a turn throws: the runner drops the job instead, so that nobody waits for ever.
/// </summary>
internal sealed class Turn(FlowRunner runner)
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

    /// <summary>Leaves a letter for the holder of the turn, or opens it at once when there is none by now.</summary>
    public Task<CommandVerdict> Post(Letter letter)
    {
        do
        {
            letter.Next = Volatile.Read(ref _mail);
        }
        while (Interlocked.CompareExchange(ref _mail, letter, letter.Next) != letter.Next);
        if (Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
        {
            Leave();
        }

        return letter.Task;
    }

    /// <summary>
    /// Drains the mailbox and gives the turn up. A letter that comes between the last look and the release either finds the turn free, and its poster takes it,
    /// or is seen by the look after the release: none is left lying.
    /// </summary>
    public void Leave()
    {
        do
        {
            while (Volatile.Read(ref _mail) is not null)
            {
                for (var letter = Letter.Oldest(Interlocked.Exchange(ref _mail, null)); letter is not null; letter = letter.Next)
                {
                    runner.Open(letter);
                }
            }

            Interlocked.Exchange(ref _taken, 0);
        }
        while (Volatile.Read(ref _mail) is not null && Interlocked.CompareExchange(ref _taken, 1, 0) == 0);
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
