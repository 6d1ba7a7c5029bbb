using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>A request message from a configuration, checked before anything is sent: what is wrong here stays wrong in every attempt.</summary>
internal static class HttpRequest
{
    public const string IdempotencyKey = "Idempotency-Key";

    private static readonly FrozenSet<string> Methods = FrozenSet.Create(StringComparer.Ordinal, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private static readonly FrozenSet<string> Framing = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Content-Length", "Transfer-Encoding", "Connection");

    /// <exception cref="StepFailedException">Method, address or a header is not legal; the reason is <c>invalid_config</c>.</exception>
    public static HttpRequestMessage From(HttpConfig config, string idempotencyKey)
    {
        var request = new HttpRequestMessage(MethodOf(config.Method), AddressOf(config.Url)) { Content = ContentOf(config.Body) };
        foreach (var (name, value) in config.Headers ?? new Dictionary<string, JsonElement>())
        {
            AddHeader(request, name, ConfigText.Of(value));
        }

        if (request.Method != HttpMethod.Get && !request.Headers.Contains(IdempotencyKey))
        {
            request.Headers.TryAddWithoutValidation(IdempotencyKey, idempotencyKey);
        }

        return request;
    }

    private static HttpMethod MethodOf(string? method)
    {
        var word = ConfigText.Required(method, "method").ToUpperInvariant();
        return Methods.Contains(word) ? HttpMethod.Parse(word) : throw ConfigText.Invalid($"'method' must be one of {string.Join(", ", Methods.Order(StringComparer.Ordinal))}.");
    }

    private static Uri AddressOf(string? url)
        => Uri.TryCreate(ConfigText.Required(url, "url"), UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? address
            : throw ConfigText.Invalid("'url' must be an absolute http or https address.");

    private static ByteArrayContent? ContentOf(JsonElement? body)
    {
        if (body is not { } value)
        {
            return null;
        }

        var isText = value.ValueKind == JsonValueKind.String;
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(ConfigText.Of(value)));
        content.Headers.ContentType = new MediaTypeHeaderValue(isText ? "text/plain" : "application/json", "utf-8");
        return content;
    }

    private static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        // A line end in a value would begin a header, or a request, of its own.
        if (value.Any(letter => letter != '\t' && letter is < ' ' or > '~'))
        {
            throw ConfigText.Invalid($"The value of header '{name}' may hold printable ASCII only.");
        }

        if (Framing.Contains(name))
        {
            throw ConfigText.Invalid($"Header '{name}' is set by the transport.");
        }

        if (request.Headers.TryAddWithoutValidation(name, value))
        {
            return;
        }

        if (!IsContentHeader(name))
        {
            throw ConfigText.Invalid($"'{name}' is not a legal header name.");
        }

        request.Content?.Headers.Remove(name);
        request.Content?.Headers.TryAddWithoutValidation(name, value);
    }

    private static bool IsContentHeader(string name)
    {
        using var probe = new ByteArrayContent([]);
        return probe.Headers.TryAddWithoutValidation(name, "");
    }
}
