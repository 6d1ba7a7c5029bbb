using WorkflowEngine.Storage;

namespace WorkflowEngine;

/// <summary>
/// Every decision about a job (DESIGN §5). Deterministic: it touches no clock, store or logger; it changes the state in place and notes what it changed
/// in the open change set, so that the rules are tests over tables and the whole engine can be simulated.
/// </summary>
internal static class JobMachine
{
    private static readonly EventNotes StartPausedNotes = new(Reason: "start_paused");

    /// <summary>The state of a job that does not exist yet; its first transition creates it.</summary>
    public static JobState Create(CompiledFlow flow, JobCreation creation, JobData data, long now)
    {
        var state = new JobState(flow, creation, epoch: 1);
        state.Head = new JobHead { Attempt = 1, Total = flow.Definition.Code?.TotalSteps ?? flow.Steps.Length, Data = ReferenceEquals(data, JobData.None) ? null : data };
        state.Changes.IsUrgent = true;
        var options = creation.Options;
        state.Changes.Events.Job(EventKind.JobCreated, creation.Id, now, JobStatus.Pending, JobStatus.Pending, 1, CreationNotes(options));
        if (options is { StartPaused: true } or { StepMode: true })
        {
            state.Head.Paused = true;
            state.Head.StepMode = options.StepMode;
            state.Become(JobStatus.Paused);
            state.Changes.Events.Job(EventKind.JobPaused, creation.Id, now, JobStatus.Pending, JobStatus.Paused, 0, StartPausedNotes);
        }

        foreach (var root in flow.Roots)
        {
            JobGraph.MakeReady(state, root, now);
        }

        return state;
    }

    /// <summary>Applies a command. <paramref name="now"/> is UTC ticks.</summary>
    public static CommandVerdict Apply(JobState state, JobCommand command, long now)
    {
        var verdict = command switch
        {
            EndStep ended => StepEnds.Apply(state, ended, now),
            ReportProgress progress when state.Session is not null && progress.Step >= state.Steps.Length => SessionSteps.Report(state, progress, now),
            ReportProgress progress => Report(state, progress, now),
            WakeDue => StepWaits.Wake(state, now),
            TimeOutJob => TimeOut(state, now),
            ParkJob park => Park(state, park, now),
            RefuseContent refused => Refuse(state, refused, now),
            Conclude conclude => JobEnd.Conclude(state, conclude, now),
            SessionCommand session => SessionSteps.Apply(state, session, now),
            OpenSession open => SessionSteps.Open(state, open, now),
            ControlCommand control => JobControls.Apply(state, control, now),
            _ => throw new InvalidOperationException($"The command {command.GetType().Name} is unknown."),
        };
        if (verdict.Effect == CommandEffect.Applied)
        {
            LoopRounds.Settle(state, now);
            JobEnd.Check(state, now);
            UpdateStatus(state, now);
        }

        return verdict;
    }

    /// <summary>Starts the next ready step, if the job may start one. Called with a slot in hand, in the turn: when a pause has been applied, no body begins.</summary>
    public static bool TryBegin(JobState state, long now, out StepStart start)
    {
        if (state.Startable <= 0 || !state.Ready.TryTake(state.Steps, state.Head.Paused, out var index))
        {
            start = default;
            return false;
        }

        start = Begin(state, index, now);
        return true;
    }

    /// <summary>Starts a ready step.</summary>
    public static StepStart Begin(JobState state, int index, long now)
    {
        if (state.Head.StartedAt == 0)
        {
            state.Head.StartedAt = now;
            var to = state.Head.Paused ? JobStatus.Paused : JobStatus.Running;
            state.Changes.Events.Job(EventKind.JobStarted, state.Id, now, state.Head.Status, to, state.Head.Attempt, null);
            if (to != state.Head.Status)
            {
                state.Become(to);
            }
        }

        ref var step = ref state.Touch(index);
        var declared = state.Declared(index);
        step.IsReady = false;
        step.IsForced = false;
        step.Become(StepStatus.Running);
        step.Attempt += 1;
        step.Run = state.NextRun++;
        step.StartedAt = now;
        state.PartialWeight -= state.WeightOf(index) * step.Fraction; // A loop that has rounds behind it.
        step.Fraction = 0;
        state.ReadyCount--;
        state.Running++;
        if (declared.Loop is not null)
        {
            LoopRounds.BeginLeg(state, index);
        }

        state.Changes.Events.Step(EventKind.StepStarted, state.Id, now, state.PathOf(index), StepStatus.Pending, StepStatus.Running, step.Attempt, null);
        state.Changes.NoteStart(now);
        UpdateStatus(state, now);
        return new StepStart(index, step.Run, step.Attempt, step.DetailOrNone);
    }

    /// <summary>What a body made cannot be stored: that attempt is the step's last. The second time in a row, or when no step is to blame, it is the job's end.</summary>
    private static CommandVerdict Refuse(JobState state, RefuseContent refused, long now)
    {
        if (state.IsTerminal)
        {
            return CommandVerdict.Stale;
        }

        if (refused.EndsJob)
        {
            JobEnd.Decide(state, JobStatus.Failed, Reasons.ResultNotStorable, refused.Message, stopRunning: true, now);
            return CommandVerdict.Applied;
        }

        SessionSteps.Refuse(state, refused, now);
        foreach (var index in refused.Steps.Where(index => index < state.Steps.Length && state.Steps[index].IsReady))
        {
            var error = new StepError(Reasons.ResultNotStorable, $"The store cannot keep what step '{state.PathOf(index)}' made: {refused.Message}", Retryable: false);
            StepEnds.Apply(state, new EndStep(index, Begin(state, index, now).Run, new StepOutcome(OutcomeKind.Failed) { Error = error }), now);
        }

        return CommandVerdict.Applied;
    }

    /// <summary>Called when the change set that readied steps is durable: from now on they may start.</summary>
    public static void ReleaseReadied(JobState state, ChangeSet durable)
    {
        if (state.Changes.Restores && !ReferenceEquals(durable, state.Changes))
        {
            return; // A restore that is not durable yet came after it; it has readied anew what is ready.
        }

        for (var i = 0; i < durable.Readied.Count; i++)
        {
            var step = durable.Readied[i];
            if (state.Steps[step].IsReady)
            {
                state.Ready.Add(step, state.Declared(step));
            }
        }

        if (durable.HasForced)
        {
            durable.Forced.ForEach(state.Ready.Force);
        }
    }

    /// <summary>The status of a job that has not ended, by the first that holds: paused; running; waiting; pending (S16).</summary>
    public static JobStatus StatusOf(JobState state)
        => state.Head.Paused && !state.IsEnding ? JobStatus.Paused
            : state.Head.StartedAt == 0 && !state.IsEnding && state.Waiting == 0 ? JobStatus.Pending
            : state.IsUnopened && !state.IsEnding ? JobStatus.Waiting
            : state.Running > 0 || state.ReadyCount > 0 || state.IsEnding || state.IsConcluding || state.Waiting == 0 ? JobStatus.Running
            : JobStatus.Waiting;

    /// <summary>Brings the job's status up to date with its steps.</summary>
    public static void UpdateStatus(JobState state, long now)
    {
        var from = state.Head.Status;
        if (from.IsTerminal())
        {
            return;
        }

        var to = StatusOf(state);
        if (to != from)
        {
            state.Become(to);
            state.Changes.HeadChanged = true;
            if (to == JobStatus.Waiting || from == JobStatus.Waiting)
            {
                var kind = to == JobStatus.Waiting ? EventKind.JobWaiting : EventKind.JobResumed;
                state.Changes.Events.Job(kind, state.Id, now, from, to, 0, null);
            }
        }
    }

    private static CommandVerdict Report(JobState state, ReportProgress report, long now)
    {
        ref var step = ref state.Steps[report.Step];
        if (step.Status != StepStatus.Running || step.Run != report.Run)
        {
            return CommandVerdict.Stale;
        }

        var fraction = (float)(Math.Clamp(report.Percent, 0, 100) / 100);
        if (float.IsNaN(fraction) || fraction < step.Fraction || (fraction == step.Fraction && report.Message is null))
        {
            return CommandVerdict.AlreadySo;
        }

        state.PartialWeight += state.WeightOf(report.Step) * (fraction - step.Fraction);
        step.Fraction = fraction;
        var notes = new EventNotes(Message: report.Message, Data: EventData.OfPercentage(fraction));
        state.Changes.Events.Step(EventKind.StepProgress, state.Id, now, state.PathOf(report.Step), StepStatus.Running, StepStatus.Running, step.Attempt, notes);
        return CommandVerdict.Applied;
    }

    private static CommandVerdict TimeOut(JobState state, long now)
    {
        if (state.IsTerminal)
        {
            return CommandVerdict.AlreadySo;
        }

        // A job that is ending already keeps its end, but what still runs is stopped.
        JobEnd.Decide(state, JobStatus.Failed, Reasons.JobTimeout, "The job took longer than its timeout allows.", stopRunning: true, now);
        return CommandVerdict.Applied;
    }

    private static CommandVerdict Park(JobState state, ParkJob park, long now)
    {
        if (state.IsTerminal)
        {
            return CommandVerdict.AlreadySo;
        }

        JobEnd.Decide(state, JobStatus.Failed, Reasons.Poison, park.Message, stopRunning: true, now);
        return CommandVerdict.Applied;
    }

    private static EventNotes? CreationNotes(JobOptions? options)
        => options is null || (options.Actor is null && options.Trigger is null) ? null
            : new EventNotes(Actor: options.Actor, Data: options.Trigger is null ? null : EventData.Of("trigger", options.Trigger));
}

/// <summary>A step that was just started.</summary>
internal readonly record struct StepStart(int Step, int Run, int Attempt, StepDetail Detail);

/// <summary>Small JSON objects for events.</summary>
internal static class EventData
{
    public static System.Text.Json.JsonElement Of(string name, string? value)
        => WorkflowJson.ToElement(new Dictionary<string, string?>(StringComparer.Ordinal) { [name] = value });

    /// <summary>A progress of 0 to 1.</summary>
    public static System.Text.Json.JsonElement OfPercentage(float fraction)
        => System.Text.Json.JsonElement.Parse($"{{\"percentage\":{(fraction * 100).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)}}}");

    public static System.Text.Json.JsonElement OfDelay(TimeSpan delay)
        => System.Text.Json.JsonElement.Parse($"{{\"delay_seconds\":{delay.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}");

    public static System.Text.Json.JsonElement OfVariable(JobVariable variable) => Of("name", variable.Name, "kind", variable.Kind.ToString().ToLowerInvariant());

    public static System.Text.Json.JsonElement Of(string name, string? value, string secondName, string? secondValue)
        => WorkflowJson.ToElement(new Dictionary<string, string?>(StringComparer.Ordinal) { [name] = value, [secondName] = secondValue });

    /// <summary>What the trail keeps of a command: also the note of one that was refused, whose message says why.</summary>
    public static System.Text.Json.JsonElement OfCommand(ControlCommand command)
    {
        var data = new Dictionary<string, string?>(StringComparer.Ordinal) { ["id"] = command.Id.ToString(), ["action"] = command.Word };
        if (command.Note is { } note)
        {
            data["note"] = note;
        }

        return WorkflowJson.ToElement(data);
    }
}
