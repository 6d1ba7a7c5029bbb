using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>An answer as a result: an item, or a failure whose reason tells the client's fault from the server's.</summary>
internal static class HttpAnswer
{
    private const int QuotedCharacters = 2048;

    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <param name="response">The answer, its body not yet read.</param>
    /// <param name="target">Method and host, for messages; paths and queries may hold secrets.</param>
    /// <param name="limit">The longest body.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<StepResult> ReadAsync(HttpResponseMessage response, string target, long limit, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var bytes = await BoundedBytes.ReadAsync(stream, limit, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return Refused(response, target, bytes is null ? null : TextOf(response, bytes));
            }

            return bytes is null
                ? StepResult.Fail("response_too_large", $"{target} answered with more than {limit} bytes.", retryable: false)
                : Answered(response, target, TextOf(response, bytes));
        }
    }

    private static StepResult Answered(HttpResponseMessage response, string target, string text)
    {
        try
        {
            var body = IsJson(response) ? ParseJson(text) : JsonSerializer.SerializeToElement(text);
            return StepResult.Completed(DataPacket.Of("http_response", new { status = (int)response.StatusCode, headers = HeadersOf(response), body }));
        }
        catch (JsonException error)
        {
            return StepResult.Fail("invalid_response", $"{target} answered with a body that is not the JSON it says it is: {error.Message}", retryable: true, Beginning(text));
        }
    }

    private static StepResult Refused(HttpResponseMessage response, string target, string? text)
    {
        var status = (int)response.StatusCode;
        var details = string.Join('\n', new[] { RetryAfter(response), text is null ? null : Beginning(text) }.Where(part => !string.IsNullOrEmpty(part)));
        return StepResult.Fail(
            $"http_{status / 100}xx",
            $"{target} answered {status} {response.ReasonPhrase}".TrimEnd() + ".",
            retryable: status is 408 or 429 or >= 500,
            details.Length > 0 ? details : null);
    }

    private static string? RetryAfter(HttpResponseMessage response)
        => response.Headers.TryGetValues("Retry-After", out var values) ? $"Retry-After: {string.Join(", ", values)}" : null;

    private static bool IsJson(HttpResponseMessage response)
        => response.Content.Headers.ContentType?.MediaType is { } type
            && (type.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private static JsonElement? ParseJson(string text) => string.IsNullOrWhiteSpace(text) ? null : JsonElement.Parse(text, Json);

    private static string TextOf(HttpResponseMessage response, byte[] bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes), EncodingOf(response), detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    private static Encoding EncodingOf(HttpResponseMessage response)
    {
        try
        {
            return response.Content.Headers.ContentType?.CharSet is { } name ? Encoding.GetEncoding(name.Trim('"')) : Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8; // A charset that nobody knows.
        }
    }

    private static Dictionary<string, string> HeadersOf(HttpResponseMessage response)
        => response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .GroupBy(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => string.Join(", ", group), StringComparer.Ordinal);

    private static string Beginning(string text) => text.Length <= QuotedCharacters ? text : text[..QuotedCharacters];
}
