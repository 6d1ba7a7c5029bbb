using static WorkflowEngine.Tests.Machine.MachineBench;

namespace WorkflowEngine.Tests.Machine;

/// <summary>
/// Every command in every job status (S14, S15). The job has a step <c>a</c> that the situation is about and a step <c>b</c> after it. A row: the situation, the command, what
/// the machine answers, the job's status and the steps' after it, and the events before and (behind a bar) after <c>command.applied|refused</c>.
/// </summary>
public sealed class CommandTableTests
{
    private const string Applied = nameof(CommandEffect.Applied);
    private const string AlreadySo = nameof(CommandEffect.AlreadySo);
    private const string Refused = nameof(CommandEffect.Refused);
    private const string Stale = nameof(CommandEffect.Stale);

    private static readonly Dictionary<string, Func<MachineBench>> Situations = new(StringComparer.Ordinal)
    {
        ["pending"] = () => Of(Step("a"), Step("b", "a")),
        ["running"] = () => Started(),
        ["waiting"] = () => Ended(Ends(OutcomeKind.Waits) with { Signal = "go" }),
        ["retrying"] = () => Ended(Fails(), attempts: 2),
        ["paused"] = () => Then(Of(Step("a"), Step("b", "a")), new PauseJob()),
        ["paused_running"] = () => Then(Started(), new PauseJob()),
        ["ending_cancelled"] = () => Then(Started(), new CancelJob()),
        ["ending_failed"] = () => Then(Started(), new FailJob("by_hand", "No.")),
        ["concluding"] = () => Concluding(),
        ["completed"] = () => Ended(Done(), ("b", Done())),
        ["completed_no_items"] = () => Ended(Ends(OutcomeKind.NoItems)),
        ["failed"] = () => Ended(Fails()),
        ["cancelled"] = () => Then(Of(Step("a"), Step("b", "a")), new CancelJob()),
    };

    public static TheoryData<string, string, string, JobStatus, string, string> Controls => new()
    {
        { "pending", "pause", Applied, JobStatus.Paused, "pending pending", "job.paused" },
        { "running", "pause", Applied, JobStatus.Paused, "running pending", "job.paused" },
        { "waiting", "pause", Applied, JobStatus.Paused, "waiting pending", "job.paused" },
        { "paused", "pause", AlreadySo, JobStatus.Paused, "pending pending", "" },
        { "ending_cancelled", "pause", Refused, JobStatus.Running, "running pending", "" },
        { "completed", "pause", Refused, JobStatus.Completed, "completed completed", "" },
        { "completed_no_items", "pause", Refused, JobStatus.CompletedNoItems, "completed skipped", "" },
        { "failed", "pause", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "pause", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "resume", AlreadySo, JobStatus.Pending, "pending pending", "" },
        { "running", "resume", AlreadySo, JobStatus.Running, "running pending", "" },
        { "waiting", "resume", AlreadySo, JobStatus.Waiting, "waiting pending", "" },
        { "paused", "resume", Applied, JobStatus.Pending, "pending pending", "job.resumed" },
        { "paused_running", "resume", Applied, JobStatus.Running, "running pending", "job.resumed" },
        { "ending_failed", "resume", Refused, JobStatus.Running, "running pending", "" },
        { "completed", "resume", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "resume", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "resume", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "cancel", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "running", "cancel", Applied, JobStatus.Running, "running pending", "" },
        { "waiting", "cancel", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "retrying", "cancel", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "paused", "cancel", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "paused_running", "cancel", Applied, JobStatus.Running, "running pending", "" },
        { "ending_cancelled", "cancel", AlreadySo, JobStatus.Running, "running pending", "" },
        { "ending_failed", "cancel", Applied, JobStatus.Running, "running pending", "" },
        { "concluding", "cancel", Applied, JobStatus.Cancelled, "completed completed", "job.cancelled" },
        { "completed", "cancel", Refused, JobStatus.Completed, "completed completed", "" },
        { "completed_no_items", "cancel", Refused, JobStatus.CompletedNoItems, "completed skipped", "" },
        { "failed", "cancel", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "cancel", AlreadySo, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "fail", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "running", "fail", Applied, JobStatus.Running, "running pending", "" },
        { "waiting", "fail", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "paused", "fail", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "ending_cancelled", "fail", Applied, JobStatus.Running, "running pending", "" },
        { "concluding", "fail", Applied, JobStatus.Failed, "completed completed", "job.failed" },
        { "completed", "fail", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "fail", AlreadySo, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "fail", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "skip a", Applied, JobStatus.Pending, "skipped pending", "step.skipped a, step.queued b" },
        { "pending", "skip b", Applied, JobStatus.Pending, "pending skipped", "step.skipped b" },
        { "pending", "skip z", Refused, JobStatus.Pending, "pending pending", "" },
        { "running", "skip a", Refused, JobStatus.Running, "running pending", "" },
        { "waiting", "skip a", Applied, JobStatus.Running, "skipped pending", "step.skipped a, step.queued b | job.resumed" },
        { "retrying", "skip a", Applied, JobStatus.Running, "skipped pending", "step.skipped a, step.queued b | job.resumed" },
        { "paused", "skip a", Applied, JobStatus.Paused, "skipped pending", "step.skipped a, step.queued b" },
        { "ending_failed", "skip b", Refused, JobStatus.Running, "running pending", "" },
        { "concluding", "skip a", Refused, JobStatus.Running, "completed completed", "" },
        { "completed", "skip a", Refused, JobStatus.Completed, "completed completed", "" },
        { "completed_no_items", "skip b", Refused, JobStatus.CompletedNoItems, "completed skipped", "" },
        { "failed", "skip a", Applied, JobStatus.Running, "skipped pending", "job.retried, step.skipped a, step.queued b" },
        { "failed", "skip b", Applied, JobStatus.Running, "pending skipped", "job.retried, step.skipped b, step.queued a" },
        { "cancelled", "skip a", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "retry", Refused, JobStatus.Pending, "pending pending", "" },
        { "running", "retry", Refused, JobStatus.Running, "running pending", "" },
        { "retrying", "retry", Refused, JobStatus.Waiting, "waiting pending", "" },
        { "paused", "retry", Refused, JobStatus.Paused, "pending pending", "" },
        { "ending_failed", "retry", Refused, JobStatus.Running, "running pending", "" },
        { "completed", "retry", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "retry", Applied, JobStatus.Running, "pending pending", "job.retried, step.queued a" },
        { "failed", "retry a", Applied, JobStatus.Running, "pending pending", "job.retried, step.queued a" },
        { "failed", "retry b", Refused, JobStatus.Failed, "failed blocked", "" },
        { "failed", "retry z", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "retry", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "run_step a", Applied, JobStatus.Pending, "pending pending", "" },
        { "pending", "run_step b", Refused, JobStatus.Pending, "pending pending", "" },
        { "pending", "run_step z", Refused, JobStatus.Pending, "pending pending", "" },
        { "running", "run_step a", Refused, JobStatus.Running, "running pending", "" },
        { "paused", "run_step a", Applied, JobStatus.Paused, "pending pending", "" },
        { "ending_failed", "run_step b", Refused, JobStatus.Running, "running pending", "" },
        { "completed", "run_step a", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "run_step a", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "run_step a", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "signal", Applied, JobStatus.Pending, "pending pending", "" },
        { "running", "signal", Applied, JobStatus.Running, "running pending", "" },
        { "waiting", "signal", Applied, JobStatus.Running, "pending pending", "step.queued a | job.resumed" },
        { "paused", "signal", Applied, JobStatus.Paused, "pending pending", "" },
        { "ending_failed", "signal", Applied, JobStatus.Running, "running pending", "" },
        { "completed", "signal", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "signal", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "signal", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "pending", "set_variable", Applied, JobStatus.Pending, "pending pending", "variable.set" },
        { "waiting", "set_variable", Applied, JobStatus.Waiting, "waiting pending", "variable.set" },
        { "paused", "set_variable", Applied, JobStatus.Paused, "pending pending", "variable.set" },
        { "ending_failed", "set_variable", Applied, JobStatus.Running, "running pending", "variable.set" },
        { "completed", "set_variable", Refused, JobStatus.Completed, "completed completed", "" },
        { "failed", "set_variable", Refused, JobStatus.Failed, "failed blocked", "" },
        { "cancelled", "set_variable", Refused, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "running", "fly", Refused, JobStatus.Running, "running pending", "" },
    };

    public static TheoryData<string, string, string, JobStatus, string, string> Internals => new()
    {
        { "pending", "end completed", Stale, JobStatus.Pending, "pending pending", "" },
        { "running", "end completed", Applied, JobStatus.Running, "completed pending", "step.completed a, step.queued b" },
        { "running", "end no_items", Applied, JobStatus.CompletedNoItems, "completed skipped", "step.completed a, step.skipped b, job.completed" },
        { "running", "end skipped", Applied, JobStatus.Running, "skipped pending", "step.skipped a, step.queued b" },
        { "running", "end failed", Applied, JobStatus.Failed, "failed blocked", "step.failed a, step.blocked b, job.failed" },
        { "running", "end finished", Applied, JobStatus.Completed, "completed skipped", "step.completed a, step.queued b, step.skipped b, job.completed" },
        { "running", "end waits", Applied, JobStatus.Waiting, "waiting pending", "step.waiting a, job.waiting" },
        { "running", "end runs_again", Applied, JobStatus.Waiting, "waiting pending", "step.waiting a, job.waiting" },
        { "running", "end cancelled", Applied, JobStatus.Running, "pending pending", "step.queued a" },
        { "running", "end interrupted", Applied, JobStatus.Running, "pending pending", "step.queued a" },

        { "paused_running", "end completed", Applied, JobStatus.Paused, "completed pending", "step.completed a, step.queued b" },
        { "paused_running", "end failed", Applied, JobStatus.Failed, "failed blocked", "step.failed a, step.blocked b, job.failed" },
        { "paused_running", "end waits", Applied, JobStatus.Paused, "waiting pending", "step.waiting a" },

        { "ending_cancelled", "end completed", Applied, JobStatus.Cancelled, "completed cancelled", "step.completed a, step.queued b, step.cancelled b, job.cancelled" },
        { "ending_cancelled", "end failed", Applied, JobStatus.Cancelled, "failed blocked", "step.failed a, step.blocked b, job.cancelled" },
        { "ending_cancelled", "end waits", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "ending_cancelled", "end cancelled", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "ending_cancelled", "end interrupted", Applied, JobStatus.Cancelled, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.cancelled" },
        { "ending_failed", "end finished", Applied, JobStatus.Failed, "completed cancelled", "step.completed a, step.queued b, step.cancelled b, job.failed" },

        { "completed", "end completed", Stale, JobStatus.Completed, "completed completed", "" },
        { "cancelled", "end completed", Stale, JobStatus.Cancelled, "cancelled cancelled", "" },

        { "running", "progress 50", Applied, JobStatus.Running, "running pending", "step.progress a" },
        { "running", "progress 0", AlreadySo, JobStatus.Running, "running pending", "" },
        { "running", "progress -5", AlreadySo, JobStatus.Running, "running pending", "" },
        { "running", "progress NaN", AlreadySo, JobStatus.Running, "running pending", "" },
        { "paused_running", "progress 500", Applied, JobStatus.Paused, "running pending", "step.progress a" },
        { "pending", "progress 50", Stale, JobStatus.Pending, "pending pending", "" },
        { "waiting", "progress 50", Stale, JobStatus.Waiting, "waiting pending", "" },
        { "completed", "progress 50", Stale, JobStatus.Completed, "completed completed", "" },

        { "pending", "wake", AlreadySo, JobStatus.Pending, "pending pending", "" },
        { "waiting", "wake", AlreadySo, JobStatus.Waiting, "waiting pending", "" },
        { "retrying", "wake", Applied, JobStatus.Running, "pending pending", "step.queued a, job.resumed" },
        { "completed", "wake", AlreadySo, JobStatus.Completed, "completed completed", "" },

        { "pending", "time_out", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "running", "time_out", Applied, JobStatus.Running, "running pending", "" },
        { "waiting", "time_out", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "paused", "time_out", Applied, JobStatus.Failed, "cancelled cancelled", "step.cancelled a, step.cancelled b, job.failed" },
        { "ending_cancelled", "time_out", Applied, JobStatus.Running, "running pending", "" },
        { "concluding", "time_out", Applied, JobStatus.Failed, "completed completed", "job.failed" },
        { "completed", "time_out", AlreadySo, JobStatus.Completed, "completed completed", "" },
        { "failed", "time_out", AlreadySo, JobStatus.Failed, "failed blocked", "" },

        { "concluding", "conclude", Applied, JobStatus.Completed, "completed completed", "job.completed" },
        { "concluding", "conclude badly", Applied, JobStatus.Failed, "completed completed", "job.failed" },
        { "running", "conclude", Stale, JobStatus.Running, "running pending", "" },
        { "completed", "conclude", Stale, JobStatus.Completed, "completed completed", "" },
        { "cancelled", "conclude", Stale, JobStatus.Cancelled, "cancelled cancelled", "" },
    };

    [Theory, MemberData(nameof(Controls))]
    public void Control_InSituation_IsJudged(string situation, string command, string effect, JobStatus status, string steps, string events)
    {
        var (before, after) = events.Split(" | ") is [var first, var second] ? (first, second) : (events, string.Empty);
        string[] all = [before, effect == Refused ? "command.refused" : "command.applied", after];
        Judge(situation, command, effect, status, steps, string.Join(", ", all.Where(part => part.Length > 0)));
    }

    [Theory, MemberData(nameof(Internals))]
    public void Internal_InSituation_IsJudged(string situation, string command, string effect, JobStatus status, string steps, string events)
        => Judge(situation, command, effect, status, steps, events);

    [Theory]
    [InlineData("ending_cancelled", JobStatus.Cancelled)]
    [InlineData("ending_failed", JobStatus.Failed)]
    public void Cancel_WhileEnding_KeepsTheFirstEnd(string situation, JobStatus end)
    {
        var bench = Situations[situation]();

        bench.Do(new CancelJob());
        bench.Do(new TimeOutJob());
        bench.End("a", Ends(OutcomeKind.Cancelled));

        bench.Status.Should().Be(end);
        bench.Stops.Should().OnlyContain(stop => stop.Cause == StopReason.JobCancelled).And.HaveCountGreaterThan(1, "later commands add tokens, not status (S8)");
    }

    [Fact]
    public void Control_WithActorAndNote_IsAuditedWithBoth()
    {
        var bench = Situations["running"]();

        bench.Do(new PauseJob { Actor = "ann", Note = "lunch", Id = Guid.CreateVersion7(Noon) });

        bench.Events[^1].Should().Match<JobEvent>(happened => happened.Actor == "ann" && happened.Message == "lunch" && happened.Data!.Value.GetProperty("action").GetString() == "pause");
    }

    [Fact]
    public void StatusChanges_OutsideTheTable_Throw()
    {
        var changes = () => StatusChanges.Checked(JobStatus.Completed, JobStatus.Running);
        changes.Should().Throw<InvalidOperationException>().WithMessage("*completed*running*");
        var steps = () => StatusChanges.Checked(StepStatus.Skipped, StepStatus.Pending);
        steps.Should().Throw<InvalidOperationException>().WithMessage("*skipped*pending*");
        foreach (var final in Enum.GetValues<JobStatus>().Where(status => status.IsTerminal() && status != JobStatus.Failed))
        {
            Enum.GetValues<JobStatus>().Should().NotContain(to => StatusChanges.IsLegal(final, to));
        }
    }

    private static void Judge(string situation, string command, string effect, JobStatus status, string steps, string events)
    {
        var bench = Situations[situation]();
        var happened = bench.Events.Count;

        var verdict = bench.Do(CommandOf(bench, command));

        verdict.Effect.ToString().Should().Be(effect);
        (verdict.Message is not null).Should().Be(effect == Refused, "a refusal says why");
        bench.Status.Should().Be(status);
        string.Join(' ', bench.State.Steps.Select(step => step.Status.ToWord())).Should().Be(steps);
        string.Join(", ", bench.EventsAfter(happened)).Should().Be(events);
        MachineInvariants.Broken(bench.State).Should().BeNull();
    }

    private static JobCommand CommandOf(MachineBench bench, string text)
    {
        var words = text.Split(' ');
        return words[0] switch
        {
            "pause" => new PauseJob(),
            "resume" => new ResumeJob(),
            "cancel" => new CancelJob(),
            "fail" => new FailJob("by_hand", "No."),
            "skip" => new SkipStep(words[1], default),
            "retry" => new RetryJob(words.Length > 1 ? words[1] : null),
            "run_step" => new RunStep(words[1]),
            "signal" => Signal("go"),
            "set_variable" => new WriteVariable(new JobVariable("limit", Json("1"), VariableKind.Input, null)),
            "end" => new EndStep(0, bench["a"].Run, OutcomeOf(words[1])),
            "progress" => new ReportProgress(0, bench["a"].Run, double.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), null),
            "wake" => Later(bench),
            "time_out" => new TimeOutJob(),
            "conclude" => new Conclude(new PacketSlot(DataPacket.Of("out")), words.Length > 1 ? new StepError("bad", "It cannot be made.") : null),
            _ => new RefusedCommand(words[0], "It is unknown."),
        };
    }

    private static WakeDue Later(MachineBench bench)
    {
        bench.Pass(TimeSpan.FromMinutes(1));
        return new WakeDue();
    }

    private static StepOutcome OutcomeOf(string word) => word switch
    {
        "completed" => Done(),
        "failed" => Fails(),
        "waits" => Ends(OutcomeKind.Waits) with { Signal = "go" },
        "runs_again" => Ends(OutcomeKind.RunsAgain) with { Delay = TimeSpan.FromMinutes(1) },
        _ => Ends(Enum.GetValues<OutcomeKind>().Single(kind => string.Equals(kind.ToString(), word.Replace("_", ""), StringComparison.OrdinalIgnoreCase))),
    };

    private static MachineBench Started(int attempts = 1)
    {
        var bench = Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = attempts } }, Step("b", "a"));
        bench.Begin();
        bench.Commit();
        return bench;
    }

    private static MachineBench Ended(StepOutcome outcome, params (string, StepOutcome)[] more)
    {
        var bench = Started();
        bench.End("a", outcome);
        return bench.Run(more);
    }

    private static MachineBench Ended(StepOutcome outcome, int attempts)
    {
        var bench = Started(attempts);
        bench.End("a", outcome);
        return bench;
    }

    private static MachineBench Then(MachineBench bench, JobCommand command)
    {
        bench.Do(command);
        return bench;
    }

    private static MachineBench Concluding()
        => new MachineBench(new FlowDefinition { Id = "output", Steps = [Step("a"), Step("b", "a")], Output = Json("\"made\"") }).Run();
}
