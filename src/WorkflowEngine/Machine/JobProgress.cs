namespace WorkflowEngine;

/// <summary>How far a job is (S24): the weight of completed and skipped steps, plus what running steps report, over the whole.</summary>
internal static class JobProgress
{
    /// <summary>Never falls within a job attempt; 100 only at success.</summary>
    public static float Of(JobState state)
    {
        if (state.Head.Status.IsSuccess())
        {
            return 100;
        }

        var total = state.Flow.TotalWeight;
        var share = state.Session?.ShareOf(state.Head.Total) ?? (total > 0 ? (state.DoneWeight + state.PartialWeight) / total : 0);
        return Math.Max(state.Head.Percentage, (float)Math.Clamp(share * 100, 0, 99.99));
    }
}
