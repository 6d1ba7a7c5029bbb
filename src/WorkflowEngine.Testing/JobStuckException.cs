namespace WorkflowEngine;

/// <summary>A job that a test ran to its end can never get there by itself. The message names its status, why it does not move, and what would move it.</summary>
public sealed class JobStuckException : WorkflowException
{
    /// <summary>Makes one.</summary>
    public JobStuckException(JobId jobId, JobStatus status, JobExplanation explanation) : base(Text(jobId, status, explanation))
        => (JobId, Status, Explanation) = (jobId, status, explanation);

    /// <summary>The job.</summary>
    public JobId JobId { get; }

    /// <summary>Its status.</summary>
    public JobStatus Status { get; }

    /// <summary>Why it does not move.</summary>
    public JobExplanation Explanation { get; }

    private static string Text(JobId jobId, JobStatus status, JobExplanation explanation)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        return string.Join(Environment.NewLine + "  ", [$"Job {jobId} is {status.ToWord()} and nothing that is due will end it. {explanation.Sentence}", .. explanation.Facts]);
    }
}
