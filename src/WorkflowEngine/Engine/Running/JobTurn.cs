namespace WorkflowEngine;

/// <summary>
/// The right to change a job's state: a flag and a mailbox, not a thread. Who finds the flag free does its work and drains the mailbox; who finds it taken leaves a letter.
/// An exception in a turn is a defect or a store that broke its contract: <paramref name="fail"/> drops the job, and the turn is given up all the same, so that nobody waits for ever.
/// </summary>
internal sealed class JobTurn(Action<Letter> open, Action<Exception> fail)
{
    private Letter? _mail;
    private int _taken;

    public bool TryEnter()
    {
        if (Interlocked.CompareExchange(ref _taken, 1, 0) == 0)
        {
            return true;
        }

        // A turn takes a microsecond: a short spin is cheaper than a letter, which costs a thread hop.
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

    /// <summary>Drains the mailbox and gives the turn up. A letter that comes between the last look and the release finds the turn free, or is seen by the look after it.</summary>
    public void Leave()
    {
        while (true)
        {
            while (Interlocked.Exchange(ref _mail, null) is { } newest)
            {
                for (var letter = Letter.Oldest(newest); letter is not null; letter = letter.Next)
                {
                    Open(letter);
                }
            }

            Interlocked.Exchange(ref _taken, 0);
            if (Volatile.Read(ref _mail) is null || Interlocked.CompareExchange(ref _taken, 1, 0) != 0)
            {
                return;
            }
        }
    }

    private void Open(Letter letter)
    {
        try
        {
            open(letter);
        }
        catch (Exception error)
        {
            fail(error);
            letter.TrySetResult(CommandVerdict.Stale);
        }
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
