using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using static WorkflowEngine.Tests.Machine.MachineBench;

namespace WorkflowEngine.Tests.Machine;

/// <summary>
/// Random flows under random histories with random crashes. The number of histories is <c>WORKFLOW_ENGINE_HISTORIES</c> (default 10,000);
/// <c>WORKFLOW_ENGINE_REPLAY</c> ("seed,gamma" or "seed,gamma,size" as a failure prints it) plays one again.
/// </summary>
public sealed class MachinePropertyTests
{
    [Fact]
    public void Apply_AnyHistory_KeepsEveryInvariant()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_HISTORIES") ?? "10000", CultureInfo.InvariantCulture);
        var config = Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(100);
        if (Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_REPLAY") is { Length: > 0 } replay)
        {
            var parts = replay.Split(',').Select(part => ulong.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            config = config.WithReplay(parts[0], parts[1], parts.Length > 2 ? (int)parts[2] : 0);
        }

        Check.One(config, Prop.ForAll(Scenario.Any, static scenario => SimulatedJob.Play(scenario) is { } broken ? throw new InvalidOperationException(broken) : true));
    }

    public static TheoryData<string> StateRules => [.. MachineInvariants.OfStates.Keys];

    public static TheoryData<string> ChangeRules => [.. MachineInvariants.OfChanges.Keys];

    [Theory, MemberData(nameof(StateRules))]
    public void Invariant_OverDamagedState_IsBroken(string rule)
    {
        var bench = Busy();
        MachineInvariants.Broken(bench.State).Should().BeNull();

        Damage(rule, bench);

        MachineInvariants.OfStates[rule](bench.State).Should().BeFalse();
    }

    [Theory, MemberData(nameof(ChangeRules))]
    public void Invariant_OverImpossibleChange_IsBroken(string rule)
    {
        var before = new Moment(JobStatus.Completed, 1, 50, 7, 3, [StepStatus.Completed]);
        MachineInvariants.Broken(before, before).Should().BeNull();
        var after = rule switch
        {
            "terminal_is_absorbing" => before with { Status = JobStatus.Running },
            "attempt_rises_by_reopening" => before with { Attempt = 2 },
            "progress_never_falls" => before with { Percentage = 49 },
            "sequence_never_falls" => before with { Sequence = 6 },
            "completed_stays" => before with { Steps = [StepStatus.Pending] },
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no control"),
        };

        MachineInvariants.OfChanges[rule](before, after).Should().BeFalse();
    }

    /// <summary>a completed, b running, c waits for a signal, d ready, e a join with one input, f failed and handled by g.</summary>
    private static MachineBench Busy()
    {
        var bench = new MachineBench(new FlowDefinition
        {
            Id = "busy",
            MaxConcurrentSteps = 2,
            Steps = [Step("a"), Step("c"), Step("f"), Step("b", "a"), Step("d", "a"), Step("e", "a", "d"), Step("g", "f:failed"), Step("h", "c") with { Join = JoinRule.Any }],
        });
        bench.Begin();
        bench.Begin();
        bench.End("a", Done());
        bench.End("c", Ends(OutcomeKind.Waits) with { Signal = "go", Delay = TimeSpan.FromHours(1) });
        bench.Begin();
        bench.End("f", Fails());
        bench.Begin();
        bench.Steps.Should().Be("a:completed c:waiting f:failed b:running d:pending e:waiting_inputs g:pending h:pending");
        return bench;
    }

    private static void Damage(string rule, MachineBench bench)
    {
        var state = bench.State;
        switch (rule)
        {
            case "running_is_counted": state.Running++; break;
            case "waiting_is_counted": state.Waiting++; break;
            case "open_is_counted": state.Open++; break;
            case "ready_is_counted": state.ReadyCount++; break;
            case "completed_is_counted": state.CompletedCount++; break;
            case "items_are_counted": state.CompletedWithItems++; break;
            case "done_weight_is_summed": state.DoneWeight += 0.5; break;
            case "partial_weight_is_summed": state.PartialWeight += 0.5; break;
            case "arrived_is_counted": bench["e"].Arrived++; break;
            case "live_is_counted": bench["e"].Live--; break;
            case "blocked_is_counted": bench["e"].Blocked++; break;
            case "running_is_limited": state.Running = 3; break;
            case "ready_is_pending": bench["b"].IsReady = true; break;
            case "begun_has_its_inputs": bench["e"].IsReady = true; break;
            case "settled_is_not_overdue": bench["d"].IsReady = false; break;
            case "finished_has_no_open_step": state.Head.Status = JobStatus.Completed; break;
            case "finished_has_no_ending": (state.Head.Status, state.Data) = (JobStatus.Failed, state.Data with { Ending = JobStatus.Failed }); break;
            case "success_hides_no_failure": (state.Head.Status, bench["f"], bench["a"]) = (JobStatus.Completed, default, bench["f"]); break;
            case "items_tell_the_successes_apart": (state.Head.Status, state.CompletedWithItems) = (JobStatus.Completed, 0); break;
            case "failure_is_noted": state.FailedStep = 0; break;
            case "stop_on_failure_stops": state.FailedStep = 2; break;
            case "status_follows": state.Head.Status = JobStatus.Waiting; break;
            case "waiting_has_a_reason": bench["c"].Detail = null; break;
            case "due_is_remembered": state.Due = null; break;
            case "never_stuck": (state.Running, state.ReadyCount, state.Waiting) = (0, 0, 0); break;
            case "attempts_are_limited": bench["b"].Attempt = 2; break;
            case "hundred_is_success": state.Head.Percentage = 100; break;
            default: throw new ArgumentOutOfRangeException(nameof(rule), rule, "no control");
        }
    }
}
