using System.Collections.Immutable;
using System.Net;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>The request that <see cref="HttpStep"/> sends.</summary>
internal sealed record HttpConfig
{
    /// <summary>GET (the default), HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in any case.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>An absolute http or https address.</summary>
    public required string Url { get; init; }

    /// <summary>Headers by name. Those that describe a body are left out when there is none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Headers { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>A string is sent as text, other JSON as JSON; left out: no body.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>A longer answer is a failure; default 16 MB, counted after decompression.</summary>
    public long MaxResponseBytes { get; init; } = 16 * 1024 * 1024;
}

/// <summary>
/// Sends one request and hands on one item <c>{ status, headers, body }</c>: header names in lower case, the body as JSON when the answer says it is, else as text.
/// Requests other than GET carry the step's idempotency key. Cookies are not kept; redirects are followed, without <c>Authorization</c>.
/// Which addresses a flow may call is the business of who writes the flow.
/// </summary>
internal sealed class HttpStep : IStep
{
    // One handler for all jobs: connections are shared, cookies must not be. The lifetime makes changed DNS entries seen.
    private static readonly HttpClient Shared = new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(30),
        MaxAutomaticRedirections = 10,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    })
    {
        // The step's timeout bounds the attempt (S12).
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async ValueTask<StepResult> ExecuteAsync(StepPayload payload, CancellationToken cancellationToken)
    {
        var config = payload.Config.Get<HttpConfig>();
        using var request = HttpRequest.From(config, payload.IdempotencyKey);
        var target = $"{request.Method} {request.RequestUri!.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}";
        try
        {
            using var response = await Shared.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return await HttpAnswer.ReadAsync(response, target, config.MaxResponseBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or InvalidDataException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return StepResult.Fail("http_failed", $"{target} could not be done: {error.Message}", retryable: true, error.InnerException?.Message);
        }
    }
}
