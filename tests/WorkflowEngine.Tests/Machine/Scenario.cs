using FsCheck;
using FsCheck.Fluent;

namespace WorkflowEngine.Tests.Machine;

/// <summary>What happens next to a simulated job; the numbers choose among what is there to choose from.</summary>
internal enum Act
{
    Begin,
    End,
    Report,
    PassTime,
    Pause,
    Resume,
    Cancel,
    Fail,
    Skip,
    Retry,
    RunStep,
    Signal,
    SetVariable,
    TimeOut,
    Conclude,
    Seal,
    Confirm,
    Crash,
    Checkpoint,
    Restore,
}

internal sealed record Move(Act Act, int Pick, int Extra)
{
    public override string ToString() => $"{Act}({Pick},{Extra})";
}

/// <summary>A flow and a history.</summary>
internal sealed record Scenario(FlowDefinition Flow, bool IsSynchronous, bool StartPaused, IReadOnlyList<Move> Moves)
{
    private static readonly string?[] Ports = [null, null, null, null, null, "left", "failed", "*", "done"];

    public static Arbitrary<Scenario> Any { get; } = Arb.From(Generate(), Shrink);

    public override string ToString() => $"{(IsSynchronous ? "sync" : "async")}{(StartPaused ? " paused" : "")} {Flow.FailurePolicy} {Flow.Strategy} limit {Flow.MaxConcurrentSteps} output {Flow.Output}\n"
        + string.Join('\n', Flow.Steps.Select(step => $"  {step.Id} after [{string.Join(", ", step.After.Select(edge => edge.Port is null ? edge.Step : $"{edge.Step}:{edge.Port}"))}] join {step.Join.Required} attempts {step.Retry?.MaxAttempts} empty {step.AllowEmpty}"))
        + $"\n  {string.Join(' ', Moves)}";

    private static Gen<Scenario> Generate()
        => from count in Gen.Choose(2, 12)
           from steps in Gen.CollectToSequence(Enumerable.Range(0, count), StepOf)
           from policy in Gen.Elements(FailurePolicy.StopOnFailure, FailurePolicy.ContinueIndependent)
           from strategy in Gen.Elements(StepStrategy.DependencyOrder, StepStrategy.DependencyOrder, StepStrategy.Priority, StepStrategy.CriticalPath)
           from limit in Gen.Choose(1, 4)
           from output in Gen.Elements(false, false, true)
           from synchronous in Gen.Elements(true, false)
           from paused in Gen.Elements(false, false, false, true)
           from length in Gen.Choose(5, 70)
           from moves in MoveOf.ListOf(length)
           select new Scenario(
               new FlowDefinition
               {
                   Id = "random",
                   Steps = [.. steps],
                   FailurePolicy = policy,
                   Strategy = strategy,
                   MaxConcurrentSteps = limit,
                   Output = output ? MachineBench.Json("\"made\"") : null,
               },
               synchronous,
               paused,
               [.. moves]);

    private static Gen<StepDefinition> StepOf(int index)
        => from parents in Gen.Choose(0, Math.Min(index, 4))
           from chosen in Gen.Shuffle(Enumerable.Range(0, index).ToArray())
           from ports in Gen.Elements(Ports).ListOf(parents)
           from rule in Gen.Choose(0, 3)
           from attempts in Gen.Elements(1, 1, 2, 3)
           from empty in Gen.Elements(true, false)
           from weight in Gen.Choose(0, 5)
           select new StepDefinition
           {
               Id = $"s{index}",
               Type = "work",
               After = [.. chosen.Take(parents).Zip(ports, (parent, port) => new StepEdge($"s{parent}", port))],
               Join = rule <= 1 || parents < 2 ? JoinRule.All : rule == 2 ? JoinRule.Any : JoinRule.Count(Math.Min(2, parents)),
               Retry = new RetryPolicy { MaxAttempts = attempts, Delay = TimeSpan.FromSeconds(1) },
               AllowEmpty = empty,
               Weight = weight,
               Priority = weight % 3,
           };

    private static Gen<Move> MoveOf { get; } =
        from act in Gen.Frequency(
            (30, Gen.Constant(Act.Begin)),
            (32, Gen.Constant(Act.End)),
            (4, Gen.Constant(Act.Report)),
            (6, Gen.Constant(Act.PassTime)),
            (2, Gen.Constant(Act.Pause)),
            (3, Gen.Constant(Act.Resume)),
            (1, Gen.Elements(Act.Cancel, Act.Fail, Act.TimeOut)),
            (4, Gen.Constant(Act.Skip)),
            (5, Gen.Constant(Act.Retry)),
            (3, Gen.Constant(Act.RunStep)),
            (3, Gen.Constant(Act.Signal)),
            (1, Gen.Constant(Act.SetVariable)),
            (3, Gen.Constant(Act.Conclude)),
            (5, Gen.Constant(Act.Seal)),
            (8, Gen.Constant(Act.Confirm)),
            (3, Gen.Constant(Act.Crash)),
            (3, Gen.Constant(Act.Checkpoint)),
            (3, Gen.Constant(Act.Restore)))
        from pick in Gen.Choose(0, 1000)
        from extra in Gen.Choose(0, 1000)
        select new Move(act, pick, extra);

    private static IEnumerable<Scenario> Shrink(Scenario scenario)
    {
        for (var size = scenario.Moves.Count / 2; size >= 1; size /= 2)
        {
            for (var from = 0; from + size <= scenario.Moves.Count; from += size)
            {
                yield return scenario with { Moves = [.. scenario.Moves.Take(from), .. scenario.Moves.Skip(from + size)] };
            }
        }

        // The last step that nothing comes after may go.
        var last = scenario.Flow.Steps[^1];
        if (scenario.Flow.Steps.Count > 2)
        {
            yield return scenario with { Flow = scenario.Flow with { Steps = [.. scenario.Flow.Steps.Where(step => step != last)] } };
        }
    }
}
