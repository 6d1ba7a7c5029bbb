using WorkflowEngine;

namespace Quickstart.Steps;

/// <summary>The configuration of <see cref="MeasureFiles"/>.</summary>
/// <param name="Files">Paths relative to the folder, as <see cref="For"/> writes them.</param>
internal sealed record MeasureConfig(IReadOnlyList<string> Files)
{
    /// <summary>Strings of a configuration are templates, and a file may be called <c>{{ x }}</c>: so braces are written as in a URL.</summary>
    public static MeasureConfig For(IEnumerable<string> files)
        => new([.. files.Select(file => file.Replace("%", "%25", StringComparison.Ordinal).Replace("{", "%7B", StringComparison.Ordinal))]);

    public IEnumerable<string> Paths() => Files.Select(Uri.UnescapeDataString);
}

/// <summary>Reads files and hands one <see cref="Measurement"/> on. A file that cannot be read is a result, not a failure: the others still count.</summary>
internal sealed class MeasureFiles(TimeProvider time) : IStep
{
    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var folder = payload.EngineData.Get<string>("folder")!;
        var paths = payload.Config.Get<MeasureConfig>().Paths().ToList();
        var startedAt = time.GetUtcNow();
        var (measured, unread) = (new List<MeasuredFile>(), new List<UnreadPath>());
        foreach (var path in paths)
        {
            var done = measured.Count + unread.Count;
            try
            {
                var content = await FileContent.ReadAsync(Path.Combine(folder, path), ReportFraction, cancellationToken);
                measured.Add(new MeasuredFile(path, content.Bytes, content.Lines, Languages.Of(path, content.IsBinary), content.Sha256));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                unread.Add(new UnreadPath(path, error.Message));
            }

            void ReportFraction(double fraction) => payload.ReportProgress(100 * (done + fraction) / paths.Count, path);
        }

        return DataPacket.Of("measurement", new Measurement(startedAt, time.GetUtcNow(), measured, unread));
    }
}
