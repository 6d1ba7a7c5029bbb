using WorkflowEngine.Storage;
using static WorkflowEngine.Tests.Machine.MachineBench;

namespace WorkflowEngine.Tests.Machine;

/// <summary>Making checkpoints and going back to them (S26), and the keys of what runs again (G2).</summary>
public sealed class CheckpointTests
{
    [Fact]
    public void Restore_AfterMoreWasDone_PutsStatusesVariablesAndPacketsBack()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c", "b"));
        bench.Begin();
        bench.End("a", Done("one"));
        bench.Do(Write("limit", "1"));
        var checkpoint = Checkpoint(bench);
        bench.Begin();
        bench.End("b", Done("two"));
        bench.Do(Write("limit", "2"));
        bench.Do(Write("later", "3"));

        bench.Effect(Restoring(checkpoint)).Should().Be(CommandEffect.Applied);

        bench.Steps.Should().Be("a:completed b:pending c:pending");
        bench["a"].Output.Packet!.Get<string>().Should().Be("one");
        bench["b"].Output.IsNone.Should().BeTrue();
        bench.State.Data.Variables.Keys.Should().Equal("limit");
        bench.State.Data.Variables["limit"].Value.GetRawText().Should().Be("1");
        bench.Crash().Commit();
        bench.Steps.Should().Be("a:completed b:pending c:pending", "it was committed");
        bench.Run().Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public void Checkpoint_IsADeepCopy_WhateverTheJobDoesLater()
    {
        var bench = Of(Step("a"), Step("b", "a"));
        bench.Begin();
        bench.End("a", Done());
        bench.Do(Write("limit", "1"));
        var checkpoint = Checkpoint(bench);
        var before = StoredForm.Write(checkpoint.Snapshot!);

        bench.Do(Write("limit", "2"));
        bench.Do(Restoring(checkpoint));
        bench.Run();

        StoredForm.Write(checkpoint.Snapshot!).Should().Be(before);
    }

    [Fact]
    public void Restore_WhileStepsRun_StopsThemAndDiscardsWhatTheyReturn()
    {
        var bench = Of(Step("a"), Step("b"));
        var checkpoint = Checkpoint(bench);
        bench.BeginAll();
        var (a, b) = (bench["a"].Run, bench["b"].Run);

        bench.Do(Restoring(checkpoint));

        bench.Stops.Select(stop => stop.Run).Should().BeEquivalentTo([a, b]);
        bench.State.Running.Should().Be(0);
        bench.Effect(new EndStep(0, a, Done())).Should().Be(CommandEffect.Stale);
        bench.BeginAll().Should().Equal("a", "b");
        bench["a"].Run.Should().BeGreaterThan(b, "a run number is never given twice");
        bench["a"].Attempt.Should().Be(1);
    }

    [Fact]
    public void Restore_OfAStepThatRan_GivesItsAttemptAgain()
    {
        var bench = Of(Step("a") with { Retry = new RetryPolicy { MaxAttempts = 3 } });
        bench.Begin();
        bench.End("a", Fails());
        bench.Wait(TimeSpan.FromSeconds(60)).Begin();
        var checkpoint = Checkpoint(bench);

        bench.Do(Restoring(checkpoint));

        bench["a"].Attempt.Should().Be(1, "the second attempt was running");
        bench.Begin();
        bench["a"].Attempt.Should().Be(2);
    }

    [Fact]
    public void Restore_Repeated_GivesEveryRoundKeysOfItsOwn()
    {
        var bench = Of(Step("a"), Step("b", "a"));
        var early = Checkpoint(bench);
        bench.Begin();
        bench.End("a", Done());
        var late = Checkpoint(bench);

        var generations = new List<int> { bench["a"].DetailOrNone.Generation };
        foreach (var checkpoint in new[] { early, late, early })
        {
            bench.Do(Restoring(checkpoint));
            if (checkpoint == early)
            {
                bench.Begin().Should().Be("a");
                generations.Add(bench["a"].DetailOrNone.Generation);
                bench.End("a", Done());
            }
        }

        generations.Should().OnlyHaveUniqueItems("each is an execution of its own");
    }

    [Fact]
    public void Restore_OfAFailedJob_ReopensItWithItsNextAttempt()
    {
        var bench = Of(Step("a"), Step("b", "a"), Step("c", "b"));
        bench.Begin();
        bench.End("a", Done());
        var checkpoint = Checkpoint(bench);
        bench.Run(("b", Fails()));
        bench.Status.Should().Be(JobStatus.Failed);
        var events = bench.Events.Count;

        bench.Effect(Restoring(checkpoint)).Should().Be(CommandEffect.Applied);

        (bench.Status, bench.State.Head.Attempt, bench.State.Head.CompletedAt).Should().Be((JobStatus.Running, 2, 0L));
        bench.EventsAfter(events).Should().Equal("checkpoint.restored", "job.retried", "step.queued b", "command.applied");
        bench.Run().Status.Should().Be(JobStatus.Completed);
    }

    [Theory]
    [InlineData(JobStatus.Completed)]
    [InlineData(JobStatus.Cancelled)]
    public void Restore_OfAJobThatEndedOtherwise_IsRefused(JobStatus end)
    {
        var bench = Of(Step("a"));
        var checkpoint = Checkpoint(bench);
        _ = end == JobStatus.Completed ? bench.Run() : null;
        bench.Do(new CancelJob());
        bench.Status.Should().Be(end);

        bench.Effect(Restoring(checkpoint)).Should().Be(CommandEffect.Refused);
        bench.Status.Should().Be(end);
    }

    [Fact]
    public void Checkpoint_OfAJobThatHasEndedOrIsEnding_IsRefused()
    {
        var bench = Of(Step("a"));
        bench.Begin();
        bench.Do(new CancelJob());
        bench.Effect(new CreateCheckpoint("c", null)).Should().Be(CommandEffect.Refused);
        bench.End("a", Ends(OutcomeKind.Cancelled));
        bench.Effect(new CreateCheckpoint("c", null)).Should().Be(CommandEffect.Refused);
        bench.Events.Should().NotContain(happened => happened.Type == JobEventTypes.CheckpointCreated);
    }

    [Fact]
    public void Restore_OfAnUnknownCheckpoint_IsRefusedByName()
        => Of(Step("a")).Do(new RestoreCheckpoint("gone", null)).Should().Match<CommandVerdict>(verdict => verdict.Effect == CommandEffect.Refused && verdict.Message!.Contains("'gone'"));

    [Fact]
    public void Restore_OfAWaitingStep_GivesNoConsumedSignalBack()
    {
        var bench = Of(Step("a"), Step("b", "a"));
        bench.Begin();
        bench.End("a", Ends(OutcomeKind.Waits) with { Signal = "go" });
        var checkpoint = Checkpoint(bench);
        bench.Do(Signal("go", "1"));
        bench.Run();

        bench.Status.Should().Be(JobStatus.Completed);
        bench = Of(Step("a"), Step("b", "a"));
        bench.Begin();
        bench.End("a", Ends(OutcomeKind.Waits) with { Signal = "go" });
        checkpoint = Checkpoint(bench);
        bench.Do(Signal("go", "1", dedupe: "k"));
        bench.Begin();
        bench.End("a", Done());

        bench.Do(Restoring(checkpoint));

        bench.Status.Should().Be(JobStatus.Waiting, "the signal was consumed");
        bench.Effect(Signal("go", "1", dedupe: "k")).Should().Be(CommandEffect.AlreadySo, "and its key stays known");
        bench.Do(Signal("go", "2"));
        bench["a"].Detail!.SignalValue!.Value.GetRawText().Should().Be("2");
    }

    [Fact]
    public void Restore_WithASignalKeptSince_LetsTheWaitingStepTakeIt()
    {
        var bench = Of(Step("a"));
        bench.Begin();
        bench.End("a", Ends(OutcomeKind.Waits) with { Signal = "go" });
        var checkpoint = Checkpoint(bench);
        bench.Do(Signal("go", "1"));
        bench.Do(Signal("go", "2"));

        bench.Do(Restoring(checkpoint));

        bench.State.Data.Signals.Should().BeEmpty();
        bench["a"].Detail!.SignalValue!.Value.GetRawText().Should().Be("2");
    }

    [Fact]
    public void Restore_OfAPausedJob_StaysPaused()
    {
        var bench = Of(Step("a"));
        var checkpoint = Checkpoint(bench);
        bench.Do(new PauseJob());

        bench.Do(Restoring(checkpoint));

        (bench.Status, bench.Begin()).Should().Be((JobStatus.Paused, null));
    }

    [Fact]
    public void Restore_ThatKeepsABodyRunning_LeavesThatRunAlone()
    {
        var bench = Of(Step("session"));
        bench.Begin();
        var run = bench["session"].Run;
        var checkpoint = Checkpoint(bench);

        bench.Do(Restoring(checkpoint) with { KeepsRunning = 0 });

        bench.Stops.Should().BeEmpty();
        (bench["session"].Status, bench["session"].Run, bench.State.Running).Should().Be((StepStatus.Running, run, 1));
        bench.End("session", Done());
        bench.Status.Should().Be(JobStatus.Completed);
    }

    [Fact]
    public void Restore_WhileACommitIsInFlight_StartsNothingBeforeItIsDurableItself()
    {
        var bench = Of(Step("a"), Step("b", "a"));
        bench.Begin();
        JobMachine.Apply(bench.State, new EndStep(0, bench["a"].Run, Done()), bench.Now);
        JobMachine.Apply(bench.State, new CreateCheckpoint("c", null), bench.Now);
        var checkpoint = bench.State.Changes.Checkpoints[^1];
        bench.Seal(); // It readies b when it is durable, and so does the restore: the first is not to let b go.
        JobMachine.Apply(bench.State, Restoring(checkpoint), bench.Now);

        bench.Confirm();

        bench.Begin().Should().BeNull("the restore is not durable yet");
        bench.Commit();
        bench.Begin().Should().Be("b");
    }

    internal static StoredCheckpoint Checkpoint(MachineBench bench)
    {
        var made = JobMachine.Apply(bench.State, new CreateCheckpoint($"c{bench.Events.Count}", "before"), bench.Now);
        made.Effect.Should().Be(CommandEffect.Applied);
        var checkpoint = bench.State.Changes.Checkpoints[^1];
        bench.Commit();
        return checkpoint with { Snapshot = StoredForm.ReadSnapshot(StoredForm.Write(checkpoint.Snapshot!)) };
    }

    internal static RestoreCheckpoint Restoring(StoredCheckpoint checkpoint) => new(checkpoint.Id, checkpoint.Snapshot);

    private static WriteVariable Write(string name, string value) => new(new JobVariable(name, Json(value), VariableKind.Intermediate, null));
}
