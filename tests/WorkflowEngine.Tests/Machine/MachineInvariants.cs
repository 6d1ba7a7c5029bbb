namespace WorkflowEngine.Tests.Machine;

/// <summary>What must hold of every job at every moment, as rules with names. Each rule recomputes from step statuses what the machine keeps as it goes.</summary>
internal static class MachineInvariants
{
    /// <summary>Over one state.</summary>
    public static readonly IReadOnlyDictionary<string, Func<JobState, bool>> OfStates = new Dictionary<string, Func<JobState, bool>>(StringComparer.Ordinal)
    {
        ["running_is_counted"] = state => state.Running == Count(state, StepStatus.Running),
        ["waiting_is_counted"] = state => state.Waiting == Count(state, StepStatus.Waiting),
        ["open_is_counted"] = state => state.Open == state.Steps.Count(step => step.IsOpen),
        ["ready_is_counted"] = state => state.ReadyCount == state.Steps.Count(step => step.IsReady),
        ["completed_is_counted"] = state => state.CompletedCount == Count(state, StepStatus.Completed),
        ["items_are_counted"] = state => state.CompletedWithItems == state.Steps.Count(step => step.Status == StepStatus.Completed && !step.NoItems),
        ["done_weight_is_summed"] = state => Near(state.DoneWeight, Sum(state, (step, weight) => step.Status is StepStatus.Completed or StepStatus.Skipped ? weight : 0)),
        ["partial_weight_is_summed"] = state => Near(state.PartialWeight, Sum(state, (step, weight) => step.Status == StepStatus.Running ? weight * step.Fraction : 0)),
        ["arrived_is_counted"] = state => EdgesMatch(state, step => step.Arrived, fate => fate != EdgeFate.Open),
        ["live_is_counted"] = state => EdgesMatch(state, step => step.Live, fate => fate == EdgeFate.Live),
        ["blocked_is_counted"] = state => EdgesMatch(state, step => step.Blocked, fate => fate == EdgeFate.Blocked),
        ["running_is_limited"] = state => state.Running <= state.Limit,
        ["ready_is_pending"] = state => state.Steps.All(step => !step.IsReady || step.Status == StepStatus.Pending),
        ["begun_has_its_inputs"] = state => Each(state, (declared, step) => !(step.IsReady || step.Status is StepStatus.Running or StepStatus.Waiting) || HasInputs(declared, step)),
        ["settled_is_not_overdue"] = state => state.IsTerminal || Each(state, (declared, step) => step.IsReady || step.Status is not (StepStatus.Pending or StepStatus.WaitingInputs) || !HasInputs(declared, step)),
        ["finished_has_no_open_step"] = state => !state.IsTerminal || state.Steps.All(step => !step.IsOpen && step.CompletedAt > 0),
        ["finished_has_no_ending"] = state => !state.IsTerminal || !state.IsEnding,
        ["success_hides_no_failure"] = state => !state.Head.Status.IsSuccess() || state.Data.Reason == Reasons.Finished || state.Flow.Steps.All(step => state.Steps[step.Index].Status != StepStatus.Blocked && !IsUnhandled(state, step)),
        ["items_tell_the_successes_apart"] = state => !state.Head.Status.IsSuccess() || (state.Head.Status == JobStatus.Completed) == (state.CompletedWithItems > 0),
        ["failure_is_noted"] = state => state.IsTerminal || (state.FailedStep >= 0) == state.Flow.Steps.Any(step => IsUnhandled(state, step)),
        ["stop_on_failure_stops"] = state => state.IsTerminal || state.FailedStep < 0 || state.IsEnding || state.Flow.FailurePolicy != FailurePolicy.StopOnFailure,
        ["status_follows"] = state => state.IsTerminal || state.Head.Status == JobMachine.StatusOf(state),
        ["waiting_has_a_reason"] = state => state.Steps.All(step => step.Status != StepStatus.Waiting || step.DetailOrNone.Signal is not null || step.DetailOrNone.DueAt > 0),
        ["due_is_remembered"] = state => state.IsTerminal || StepWaits.NextDue(state) == SoonestDue(state),
        ["never_stuck"] = state => state.IsTerminal || state.IsConcluding || state.Running > 0 || state.ReadyCount > 0 || state.Waiting > 0,
        ["attempts_are_limited"] = state => Each(state, (declared, step) => step.Attempt <= declared.Retry.MaxAttempts && step.Attempt >= 0),
        ["hundred_is_success"] = state => state.Head.Percentage is >= 0 and <= 100 && (state.Head.Percentage < 100 || state.Head.Status.IsSuccess()),
    };

    /// <summary>Over two moments of one job and what lies between.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Moment, Moment, bool>> OfChanges = new Dictionary<string, Func<Moment, Moment, bool>>(StringComparer.Ordinal)
    {
        ["terminal_is_absorbing"] = (before, after) => !before.Status.IsTerminal() || before.Status == after.Status || (before.Status == JobStatus.Failed && after.Attempt == before.Attempt + 1),
        ["attempt_rises_by_reopening"] = (before, after) => after.Attempt == before.Attempt || (after.Attempt == before.Attempt + 1 && before.Status == JobStatus.Failed),
        ["progress_never_falls"] = (before, after) => after.Attempt > before.Attempt || after.Percentage >= before.Percentage,
        ["sequence_never_falls"] = (before, after) => after.Sequence >= before.Sequence && after.Version >= before.Version,
        ["completed_stays"] = (before, after) => before.Steps.Zip(after.Steps).All(pair => pair.First is not (StepStatus.Completed or StepStatus.Skipped) || pair.First == pair.Second),
    };

    public static string? Broken(JobState state) => OfStates.FirstOrDefault(rule => !rule.Value(state)).Key;

    public static string? Broken(Moment before, Moment after) => OfChanges.FirstOrDefault(rule => !rule.Value(before, after)).Key;

    private static int Count(JobState state, StepStatus status) => state.Steps.Count(step => step.Status == status);

    private static double Sum(JobState state, Func<StepState, double, double> share) => state.Flow.Steps.Sum(step => share(state.Steps[step.Index], step.Weight));

    private static bool Near(double one, double other) => Math.Abs(one - other) < 1e-4;

    private static bool Each(JobState state, Func<CompiledStep, StepState, bool> holds) => state.Flow.Steps.All(step => holds(step, state.Steps[step.Index]));

    /// <summary>What a finish skipped resolves no edges any more.</summary>
    private static bool EdgesMatch(JobState state, Func<StepState, int> kept, Func<EdgeFate, bool> counts)
        => state.Steps.Any(step => step.Detail?.Reason == Reasons.Finished) || Each(state, (declared, step) => kept(step) == declared.Incoming.Count(edge => counts(JobGraph.FateOf(state, edge, 0))));

    private static bool HasInputs(CompiledStep declared, StepState step) => declared.Incoming.Length == 0
        || (declared.Join.Required > 0 ? step.Live >= declared.Join.Required : step.Arrived == declared.Incoming.Length && step.Live > 0 && step.Blocked == 0);

    /// <summary>S8 in its own words, apart from the machine's.</summary>
    private static bool IsUnhandled(JobState state, CompiledStep failed)
    {
        if (state.Steps[failed.Index].Status != StepStatus.Failed || failed.Outgoing.Any(edge => edge.Port is "failed" or "*"))
        {
            return false;
        }

        var targets = failed.Outgoing.Select(edge => state.Flow.Steps[edge.To]).ToList();
        return targets.Count == 0 || targets.Any(target => target.Join.Required == 0 || state.Steps[target.Index].Status == StepStatus.Blocked);
    }

    private static long SoonestDue(JobState state)
        => state.Steps.Where(step => step.Status == StepStatus.Waiting && step.DetailOrNone.DueAt > 0).Select(step => step.DetailOrNone.DueAt).DefaultIfEmpty(0).Min();
}

/// <summary>A job at one moment.</summary>
internal sealed record Moment(JobStatus Status, int Attempt, float Percentage, long Sequence, long Version, IReadOnlyList<StepStatus> Steps)
{
    public static Moment Of(JobState state)
        => new(state.Head.Status, state.Head.Attempt, state.Head.Percentage, state.Head.Sequence, state.Head.Version, [.. state.Steps.Select(step => step.Status)]);
}
