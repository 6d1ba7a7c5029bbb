using WorkflowEngine;

namespace Quickstart.Steps;

/// <summary>Joins all branches: many measurements in, one <see cref="FolderSummary"/> out, so that the steps behind it do not carry the details along.</summary>
internal sealed class Summarize : IStep
{
    public ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var measurements = new List<Measurement>();
        var unread = new List<UnreadPath>(payload.EngineData.Get<IReadOnlyList<UnreadPath>>("unlisted") ?? []);
        foreach (var item in payload.Data)
        {
            if (item.Type == "measurement")
            {
                measurements.Add(item.Get<Measurement>());
            }
            else
            {
                // A branch that failed hands on an error item, because the edges from it are taken either way.
                var error = item.Get<BranchError>();
                unread.Add(new UnreadPath($"step {error.StepId}", error.Message));
            }
        }

        unread.AddRange(measurements.SelectMany(measurement => measurement.Unread));
        return DataPacket.Of(FolderSummary.Of(payload.EngineData.Get<string>("folder")!, measurements, unread));
    }

    private sealed record BranchError(string StepId, string Message);
}
