using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Which file <see cref="ReadFileStep"/> reads.</summary>
internal sealed record ReadFileConfig
{
    /// <summary>The file; relative to the host's working directory.</summary>
    public required string Path { get; init; }
}

/// <summary>Reads a text file of up to 64 MB into one item <c>{ path, text }</c>.</summary>
internal sealed class ReadFileStep : IStep
{
    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var path = ConfigText.Required(payload.Config.Get<ReadFileConfig>().Path, "path");
        var text = await LocalFile.ReadTextAsync(path, cancellationToken).ConfigureAwait(false);
        return StepResult.Completed(DataPacket.Of("file", new { path, text }));
    }
}

/// <summary>What <see cref="WriteFileStep"/> writes, and where.</summary>
internal sealed record WriteFileConfig
{
    /// <summary>The file; relative to the host's working directory.</summary>
    public required string Path { get; init; }

    /// <summary>A string is written as it is, other JSON as JSON; left out: the content of the newest item.</summary>
    public JsonElement? Content { get; init; }
}

/// <summary>Writes a text file, all of it or nothing, and hands on one item <c>{ path, bytes }</c>.</summary>
internal sealed class WriteFileStep : IStep
{
    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<WriteFileConfig>();
        var path = ConfigText.Required(config.Path, "path");
        var content = config.Content ?? payload.Get<JsonElement>();
        var bytes = await LocalFile.WriteTextAsync(path, ConfigText.Of(content), cancellationToken).ConfigureAwait(false);
        return StepResult.Completed(DataPacket.Of("file", new { path, bytes }));
    }
}
