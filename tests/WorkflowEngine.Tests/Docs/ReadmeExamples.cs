namespace WorkflowEngine.Tests.Docs;

/// <summary>The pieces of C# that README.md shows besides the snippet, compiled; the test among them runs.</summary>
public sealed class ReadmeExamples
{
    [Fact]
    public async Task SplitWords_TwoTexts_GivesAnItemPerWord()
    {
        var result = await new SplitWords().ExecuteAsync(StepPayload.For(data: new[] { "so far", "so good" }), CancellationToken.None);

        Assert.Equal(["so", "far", "so", "good"], result.Output!.Select(item => item.Get<string>()));
    }

    internal static async Task ControlAsync(IWorkflowEngine engine, JobHandle job)
    {
        await job.PauseAsync(new ControlOptions { Actor = "kim", Note = "supplier is down" });    // running steps finish, none starts
        await job.ResumeAsync();
        await job.SkipAsync("price");                       // dependants go on without it
        await job.CancelAsync();                            // running steps get their tokens
        await job.RetryAsync();                             // a failed job: what failed or was blocked begins anew
        Console.WriteLine((await job.GetStatusAsync()).Progress.Percentage);
        Console.WriteLine((await job.ExplainAsync()).Sentence);    // why is it not moving?
        await engine.ControlJobsAsync(JobAction.Retry, new JobFilter { FlowId = "order", Statuses = [JobStatus.Failed] });
    }

    public sealed class SplitWords : IStep
    {
        public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
        {
            var words = payload.Data.SelectMany(item => item.Get<string>().Split(' ')).ToList();
            payload.SetVariable("word_count", words.Count);
            return words.Count > payload.Config.Get("at_most", fallback: 1000)
                ? StepResult.Fail("too_many_words", $"{words.Count} words are too many.", retryable: false)
                : StepResult.Completed(DataPacket.From(words.Select(word => DataItem.Of("word", word))));
        }
    }
}
