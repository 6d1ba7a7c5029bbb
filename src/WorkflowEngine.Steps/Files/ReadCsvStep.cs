using System.Buffers;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What <see cref="ReadCsvStep"/> reads.</summary>
internal sealed record ReadCsvConfig
{
    /// <summary>The file, relative to the host's working directory; or else <see cref="Text"/>.</summary>
    public string? Path { get; init; }

    /// <summary>The text itself; or else <see cref="Path"/>.</summary>
    public string? Text { get; init; }

    /// <summary>One character; default a comma.</summary>
    public string Delimiter { get; init; } = ",";

    /// <summary>Whether the first row names the columns; default true. Without names they are <c>column_1</c>, <c>column_2</c> and so on.</summary>
    public bool Header { get; init; } = true;
}

/// <summary>Reads comma-separated values (RFC 4180): an item per row, a JSON object of strings. No rows are an empty packet (S10).</summary>
internal sealed class ReadCsvStep : IStep
{
    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<ReadCsvConfig>();
        var text = await TextOfAsync(config, cancellationToken).ConfigureAwait(false);
        return ToPacket(new CsvReader(text, DelimiterOf(config)), config.Header, cancellationToken);
    }

    private static async Task<string> TextOfAsync(ReadCsvConfig config, CancellationToken cancellationToken)
    {
        if (config.Path is null == config.Text is null)
        {
            throw ConfigText.Invalid("Give either 'path' or 'text'.");
        }

        return config.Text ?? await LocalFile.ReadTextAsync(ConfigText.Required(config.Path, "path"), cancellationToken).ConfigureAwait(false);
    }

    private static char DelimiterOf(ReadCsvConfig config) => config.Delimiter is [not ('"' or '\r' or '\n') and var delimiter]
        ? delimiter
        : throw ConfigText.Invalid("'delimiter' must be one character other than a quote or a line end.");

    private static DataPacket ToPacket(CsvReader reader, bool hasHeader, CancellationToken cancellationToken)
    {
        var names = hasHeader ? HeaderOf(reader) : null;
        var items = new List<DataItem>();
        while (reader.ReadRow() is { } row)
        {
            cancellationToken.ThrowIfCancellationRequested();
            names ??= [.. row.Select((_, index) => $"column_{index + 1}")];
            if (row.Count != names.Length)
            {
                throw CsvReader.Failure(reader.RowLine, $"the row has {row.Count} values where {names.Length} are expected");
            }

            items.Add(new DataItem("row", ToObject(names, row)));
        }

        return DataPacket.From(items);
    }

    private static string[]? HeaderOf(CsvReader reader)
    {
        if (reader.ReadRow() is not { } row)
        {
            return null;
        }

        string[] names = [.. row.Select((name, index) => name.Length > 0 ? name : $"column_{index + 1}")];
        return names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any()) is { } twice
            ? throw CsvReader.Failure(reader.RowLine, $"the header names column '{twice.Key}' twice")
            : names;
    }

    private static JsonElement ToObject(string[] names, IReadOnlyList<string> row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            for (var i = 0; i < names.Length; i++)
            {
                writer.WriteString(names[i], row[i]);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
