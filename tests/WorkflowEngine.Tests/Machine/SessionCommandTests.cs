using System.Text.Json;
using WorkflowEngine.Storage;

namespace WorkflowEngine.Tests.Machine;

/// <summary>The commands of a session's code, as tables (S28).</summary>
public sealed class SessionCommandTests
{
    private static readonly long Now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;
    private static readonly StepOutcome Done = new(OutcomeKind.Completed);
    private static readonly StepOutcome Broken = new(OutcomeKind.Failed) { Error = new StepError("broken", "no") };

    [Theory]
    [InlineData("completed", "Ended", StepStatus.Completed)]
    [InlineData("skipped", "Ended", StepStatus.Skipped)]
    [InlineData("failed", "Begins", StepStatus.Running)]
    [InlineData("cancelled", "Begins", StepStatus.Running)]
    [InlineData("retrying", "NotYet", StepStatus.Waiting)]
    [InlineData("waiting", "Waits", StepStatus.Waiting)]
    [InlineData("paused", "Held", StepStatus.Pending)]
    [InlineData("interrupted", "Begins", StepStatus.Running)]
    public void Begin_AfterAReopening_DependsOnHowTheStepStood(string past, string turn, StepStatus status)
    {
        var state = Opened();
        var begun = Begin(state, "a");
        var end = past switch
        {
            "completed" => End(begun, Done),
            "skipped" => End(begun, new StepOutcome(OutcomeKind.Skipped)),
            "failed" => End(begun, Broken),
            "cancelled" => End(begun, new StepOutcome(OutcomeKind.Cancelled)),
            "retrying" => new EndSessionStep(1, begun.Step, begun.Run, Broken, TimeSpan.FromSeconds(5)),
            "waiting" => new WaitInSession(1, begun.Step, begun.Run, "go", null),
            _ => default(JobCommand),
        };
        if (end is not null)
        {
            JobMachine.Apply(state, end, Now).Effect.Should().Be(CommandEffect.Applied);
        }

        state = Reopened(state);
        if (past == "paused")
        {
            JobMachine.Apply(state, new PauseJob(), Now);
        }

        var again = Begin(state, "a");

        again.Turn.ToString().Should().Be(turn);
        state.Session!.Find("a")!.State.Status.Should().Be(status);
        state.Session.Find("a")!.State.Attempt.Should().Be(past == "paused" ? 0 : 1, "neither a crash nor a new opening counts an attempt");
    }

    [Fact]
    public void Commands_OfAnEarlierOpening_AreStale()
    {
        var state = Opened();
        var begun = Begin(state, "a");
        JobMachine.Apply(state, new EndStep(0, 1, new StepOutcome(OutcomeKind.Interrupted)), Now);
        state.Head.Status.Should().Be(JobStatus.Waiting, "nobody has it open");
        JobMachine.Apply(state, new OpenSession(1), Now).Effect.Should().Be(CommandEffect.Applied);

        JobCommand[] late = [End(begun, Done), new BeginSessionStep(1, "b", null), new WriteSessionVariable(1, new JobVariable("x", default, VariableKind.Output, null), true), new FlushSession(1), new LookAtWait(1, begun.Step, begun.Run)];

        late.Select(command => JobMachine.Apply(state, command, Now).Effect).Should().OnlyContain(effect => effect == CommandEffect.Stale);
        state.Session!.Find("a")!.State.Status.Should().Be(StepStatus.Pending);
    }

    [Fact]
    public void End_OfAStepThatEnded_IsStale()
    {
        var state = Opened();
        var begun = Begin(state, "a");
        JobMachine.Apply(state, End(begun, Done), Now);

        JobMachine.Apply(state, End(begun, Broken), Now).Effect.Should().Be(CommandEffect.Stale);
        state.Session!.Find("a")!.State.Status.Should().Be(StepStatus.Completed);
    }

    [Fact]
    public void Timeout_OfAWaitWhoseSignalCame_IsRefused()
    {
        var state = Opened();
        var begun = Begin(state, "a");
        JobMachine.Apply(state, new WaitInSession(1, begun.Step, begun.Run, "go", TimeSpan.FromSeconds(1)), Now);
        JobMachine.Apply(state, new SendSignal("go", JsonElement.Parse("5"), null), Now);

        JobMachine.Apply(state, End(begun, Broken), Now).Effect.Should().Be(CommandEffect.Refused);

        var look = new LookAtWait(1, begun.Step, begun.Run);
        JobMachine.Apply(state, look, Now);
        look.Signal!.Value.GetInt32().Should().Be(5);
    }

    [Theory]
    [InlineData("Completed", JobStatus.Completed)]
    [InlineData("Failed", JobStatus.Failed)]
    [InlineData("Cancelled", JobStatus.Cancelled)]
    public void EndOfTheCode_DecidesTheJob_AndEndsItsOpenSteps(string end, JobStatus status)
    {
        var state = Opened();
        var kind = Enum.Parse<OutcomeKind>(end);
        Begin(state, "a");
        if (kind == OutcomeKind.Cancelled)
        {
            JobMachine.Apply(state, new CancelJob(), Now);
        }

        JobMachine.Apply(state, new EndStep(0, 1, new StepOutcome(kind) { Error = kind == OutcomeKind.Failed ? Broken.Error : null }), Now);

        (state.Head.Status, state.Session!.Find("a")!.State.Status).Should().Be((status, StepStatus.Cancelled));
    }

    private static EndSessionStep End(SessionBeginning begun, StepOutcome outcome) => new(1, begun.Step, begun.Run, outcome);

    private static SessionBeginning Begin(JobState state, string id)
    {
        var begin = new BeginSessionStep(state.Steps[0].Run, id, null);
        JobMachine.Apply(state, begin, Now);
        return begin.Answer;
    }

    private static JobState Opened()
    {
        var creation = new JobCreation { Id = JobId.New(DateTimeOffset.UnixEpoch), FlowId = "flow", FlowVersion = CodeFlow.OpenedVersion, CreatedAt = Now };
        var state = JobMachine.Create(CodeFlow.CompileOpened("flow"), creation, JobData.None, Now);
        JobMachine.Apply(state, new OpenSession(1), Now);
        return state;
    }

    /// <summary>The owner died without a word; another one has loaded the rows and opened the session.</summary>
    private static JobState Reopened(JobState state)
    {
        var rows = new List<StepRow>();
        var root = default(StepRow);
        state.Steps[0].WriteTo(ref root, 0, CodeFlow.Root);
        rows.Add(root);
        SessionSteps.AddRows(state, rows);
        var loaded = JobRebuild.Load(state.Flow, new StoredJob(state.Creation, state.Head, 2, null, rows, []), Now);
        JobMachine.Apply(loaded, new OpenSession(1), Now).Effect.Should().Be(CommandEffect.Applied);
        return loaded;
    }
}
