using Quickstart.Report;
using WorkflowEngine;

namespace Quickstart.Steps;

/// <summary>The configuration of <see cref="WriteReport"/>.</summary>
internal sealed record WriteReportConfig(string Path);

/// <summary>The output of the flow.</summary>
internal sealed record WrittenReport(string Path, long Bytes);

/// <summary>A typed step: the newest item comes in as a record, and the record that it returns becomes the newest item.</summary>
internal sealed class WriteReport(TimeProvider time) : IStep<FolderSummary, WrittenReport>
{
    public const string NotWritable = "report_not_writable";

    public async ValueTask<WrittenReport> ExecuteAsync(FolderSummary input, StepPayload payload, CancellationToken cancellationToken)
    {
        var path = payload.Config.Get<WriteReportConfig>().Path;
        var html = ReportPage.Render(input, time.GetLocalNow());
        try
        {
            // Steps run at least once. Writing beside the target and renaming makes a second run harmless and never leaves half a report.
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var draft = $"{path}.{payload.JobId}.tmp";
            await File.WriteAllTextAsync(draft, html, cancellationToken);
            File.Move(draft, path, overwrite: true);
            return new WrittenReport(path, new FileInfo(path).Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StepFailedException(NotWritable, $"The report cannot be written to {path}: {error.Message}", inner: error);
        }
    }
}
