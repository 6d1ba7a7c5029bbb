using System.Globalization;
using Quickstart.Steps;
using WorkflowEngine;

namespace Quickstart;

/// <summary>The graph: one <c>measure</c> step per file, all of them into <c>summarize</c>, then <c>write_report</c>.</summary>
internal static class FolderReportFlow
{
    public const string Id = "folder-report";

    // A folder with more files has several of them per step, so that the graph keeps a readable size.
    private const int MostMeasureSteps = 2_000;

    public static void Declare(FlowBuilder flow, FolderListing listing, string output)
    {
        var filesPerStep = Math.Max(1, (listing.Files.Count + MostMeasureSteps - 1) / MostMeasureSteps);
        var batches = listing.Files.Chunk(filesPerStep).ToList();
        var ids = batches.Select((_, index) => string.Create(CultureInfo.InvariantCulture, $"measure-{index + 1}")).ToList();

        flow.Name("Folder report").MaxConcurrentSteps(Math.Max(8, 2 * Environment.ProcessorCount));
        foreach (var (id, files) in ids.Zip(batches))
        {
            flow.Start(id, "measure", step => step
                .Name(files.Length == 1 ? files[0] : $"{files[0]} and {files.Length - 1} more")
                .Config(MeasureConfig.For(files)));
        }

        // "*" takes an edge whether its step completed or failed, so a failure becomes a line of the report instead of its end.
        flow.Step("summarize", "summarize", configure: step => ids.ForEach(id => step.After(id, "*")))
            .Then("write_report", "write_report", step => step
                .Config(new WriteReportConfig(output))
                .Retry(maxAttempts: 3, delay: TimeSpan.FromMilliseconds(200), Backoff.Exponential, on: [WriteReport.NotWritable]));
    }
}
