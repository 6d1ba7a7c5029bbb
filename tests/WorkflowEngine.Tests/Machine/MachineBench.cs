using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Machine;

/// <summary>
/// One job on a bench: the machine with a store that is an array of rows, and a clock that is a number. Nothing is asynchronous: a transition is sealed as
/// <c>JobCommits</c> seals it, and confirmed at once or later, so that a test decides what is durable when the job is dropped.
/// </summary>
internal sealed class MachineBench
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly StepRegistry Registry = new([new StepRegistration { Type = "work", Name = "work" }]);

    private readonly Dictionary<int, StepRow> _rows = [];
    private readonly Dictionary<int, StepStatus> _durable = [];
    private readonly JobCreation _creation;
    private JobHead _head;
    private ChangeSet? _inFlight;
    private int _epoch = 1;

    public MachineBench(FlowDefinition flow, JobOptions? options = null)
    {
        Flow = FlowCompiler.Compile(flow, Registry);
        _creation = new JobCreation { Id = JobId.New(Noon), FlowId = Flow.Id, FlowVersion = Flow.Version, CreatedAt = Noon.UtcTicks, Options = options };
        State = JobMachine.Create(Flow, _creation, JobData.None, Now);
        Commit();
    }

    public CompiledFlow Flow { get; }

    public JobState State { get; private set; }

    public long Now { get; private set; } = Noon.UtcTicks;

    /// <summary>Every committed event.</summary>
    public List<JobEvent> Events { get; } = [];

    public List<StepStop> Stops { get; } = [];

    public JobStatus Status => State.Head.Status;

    /// <summary>The job as last sealed: what a crash goes back to.</summary>
    public Moment Sealed { get; private set; } = null!;

    public bool IsInFlight => _inFlight is not null;

    public ref StepState this[string step] => ref State.Steps[Flow.IndexOf(step)];

    /// <summary>"a:completed b:skipped", in declared order.</summary>
    public string Steps => string.Join(' ', Flow.Steps.Select(step => $"{step.Id}:{State.Steps[step.Index].Status.ToWord()}"));

    /// <summary>"step.started a" and the like, since an event number.</summary>
    public IEnumerable<string> EventsAfter(int count) => Events.Skip(count).Select(happened => $"{happened.Type} {happened.StepId}".Trim());

    public static MachineBench Of(params StepDefinition[] steps) => new(new FlowDefinition { Id = "bench", Steps = steps });

    public static StepDefinition Step(string id, params string[] after)
        => new() { Id = id, Type = "work", After = [.. after.Select(edge => edge.Split(':')).Select(edge => new StepEdge(edge[0], edge.Length > 1 ? edge[1] : null))] };

    public static StepOutcome Done(string? item = "x", params string[] ports)
        => new(OutcomeKind.Completed) { Output = item is null ? default : new PacketSlot(DataPacket.Of(item)), Ports = ports.Length == 0 ? null : ports };

    public static StepOutcome Fails(string reason = "broken", bool retryable = true) => new(OutcomeKind.Failed) { Error = new StepError(reason, $"It is {reason}.", retryable) };

    public static StepOutcome Ends(OutcomeKind kind) => new(kind);

    public static JsonElement Json(string text) => JsonElement.Parse(text);

    public static SendSignal Signal(string name, string value = "1", string? dedupe = null) => new(name, Json(value), dedupe);

    /// <summary>Applies a command and commits.</summary>
    public CommandVerdict Do(JobCommand command)
    {
        var verdict = JobMachine.Apply(State, command, Now);
        Commit();
        return verdict;
    }

    public CommandEffect Effect(JobCommand command) => Do(command).Effect;

    /// <summary>Starts the next ready step; null: none.</summary>
    public string? Begin() => JobMachine.TryBegin(State, Now, out var start) ? Flow.Steps[start.Step].Id : null;

    /// <summary>Starts everything that may start.</summary>
    public List<string> BeginAll()
    {
        var began = new List<string>();
        while (Begin() is { } step)
        {
            began.Add(step);
        }

        return began;
    }

    public CommandVerdict End(string step, StepOutcome outcome) => Do(new EndStep(Flow.IndexOf(step), this[step].Run, outcome));

    /// <summary>Starts and ends steps until nothing may start; a step without an outcome completes.</summary>
    public MachineBench Run(params (string Step, StepOutcome Outcome)[] outcomes)
    {
        var left = outcomes.ToList();
        while (Begin() is { } step)
        {
            var at = left.FindIndex(outcome => outcome.Step == step);
            var outcome = at < 0 ? Done(step) : left[at].Outcome;
            if (at >= 0)
            {
                left.RemoveAt(at);
            }

            End(step, outcome);
        }

        return this;
    }

    public MachineBench Pass(TimeSpan time)
    {
        Now += time.Ticks;
        return this;
    }

    /// <summary>Lets time pass, and wakes what is due.</summary>
    public MachineBench Wait(TimeSpan time)
    {
        Pass(time).Do(new WakeDue());
        return this;
    }

    public void Commit()
    {
        Confirm();
        if (!State.Changes.IsEmpty || State.Changes.IsUrgent)
        {
            Seal();
            Confirm();
        }
    }

    /// <summary>Takes the open change set into the rows, as <c>JobCommits.Seal</c> does. From here on it survives <see cref="Crash"/>.</summary>
    public void Seal()
    {
        var changes = State.Changes;
        State.Changes = new ChangeSet();
        foreach (var index in changes.Touched)
        {
            ref var step = ref State.Steps[index];
            step.IsTouched = false;
            if (step.Status != StepStatus.Pending || step.HasRow || step.Detail is not null)
            {
                step.HasRow = true;
                _rows[index] = Row(index, step);
            }
        }

        ref var head = ref State.Head;
        head.Percentage = JobProgress.Of(State);
        head.Completed = State.CompletedCount;
        head.DueAt = State.IsTerminal ? 0 : StepWaits.NextDue(State);
        head.Version++;
        var row = new EventRow(State.Id, Flow.Id, head.Sequence + 1, changes.Events.Count, changes.Events.Written.ToArray());
        head.Sequence += changes.Events.Count;
        _head = head;
        Sealed = Moment.Of(State);
        if (row.Count > 0)
        {
            Events.AddRange(row.Read());
        }

        Stops.AddRange(changes.Stops);
        _inFlight = changes;
    }

    /// <summary>The sealed change set came back durable.</summary>
    public void Confirm()
    {
        if (_inFlight is { } durable)
        {
            _inFlight = null;
            KeepDurable();
            JobMachine.ReleaseReadied(State, durable);
        }
    }

    /// <summary>The step's status as last confirmed.</summary>
    public StepStatus DurableStatus(int index) => _durable.GetValueOrDefault(index);

    private void KeepDurable()
    {
        foreach (var (index, row) in _rows)
        {
            _durable[index] = row.Status;
        }
    }

    /// <summary>The owner is lost with everything that was not sealed; the next one loads the rows.</summary>
    public MachineBench Crash()
    {
        _inFlight = null;
        KeepDurable();
        State = JobRebuild.Load(Flow, Stored(++_epoch), Now);
        return this;
    }

    public StoredJob Stored(int epoch) => new(_creation, _head, epoch, null, [.. _rows.OrderBy(row => row.Key).Select(row => row.Value)], []);

    private StepRow Row(int index, in StepState step) => new()
    {
        Path = Flow.Steps[index].Id,
        Index = index,
        Status = step.Status == StepStatus.WaitingInputs ? StepStatus.Pending : step.Status,
        NoItems = step.NoItems,
        Attempt = step.Attempt,
        StartedAt = step.StartedAt,
        CompletedAt = step.CompletedAt,
        Output = step.Output,
        Detail = step.Detail,
    };
}
