using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WorkflowEngine.Tests.Steps;

public sealed class HttpStepTests
{
    private static readonly HttpStep Step = new();

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/problem+json; charset=utf-8")]
    [InlineData("text/json")]
    public async Task Answer_OfJson_IsParsed(string type)
    {
        using var server = LocalServer.Answering(201, """{ "n": [1, "grün"] }""", type, ("X-Trace", "t1"));

        var content = (await Step.RunAsync(new { url = server.Url })).Content();

        content.GetProperty("status").GetInt32().Should().Be(201);
        content.GetProperty("headers").GetProperty("x-trace").GetString().Should().Be("t1");
        content.GetProperty("headers").GetProperty("content-type").GetString().Should().Be(type);
        content.GetProperty("body").GetProperty("n")[1].GetString().Should().Be("grün");
    }

    [Theory]
    [InlineData("text/plain", "[1]", "\"[1]\"")]
    [InlineData("text/plain", "", "\"\"")]
    [InlineData("application/json", "", "null")]
    public async Task Answer_OfAnythingElse_IsText(string type, string sent, string body)
    {
        using var server = LocalServer.Answering(200, sent, type);

        (await Step.RunAsync(new { url = server.Url })).Content().GetProperty("body").GetRawText().Should().Be(body);
    }

    [Fact]
    public async Task Answer_BrokenJson_Fails()
    {
        using var server = LocalServer.Answering(200, "{", "application/json");

        (await Step.FailAsync(new { url = server.Url })).Reason.Should().Be("invalid_response");
    }

    [Theory]
    [InlineData(400, "http_4xx", false)]
    [InlineData(404, "http_4xx", false)]
    [InlineData(408, "http_4xx", true)]
    [InlineData(429, "http_4xx", true)]
    [InlineData(500, "http_5xx", true)]
    [InlineData(503, "http_5xx", true)]
    [InlineData(304, "http_3xx", false)]
    public async Task Status_NotOfSuccess_IsAFailure(int status, string reason, bool retryable)
    {
        using var server = LocalServer.Answering(status);

        var failure = await Step.FailAsync(new { url = server.Url });

        (failure.Reason, failure.Retryable).Should().Be((reason, retryable));
        failure.Message.Should().Contain(status.ToString());
    }

    [Fact]
    public async Task RetryAfter_AndTheAnswer_AreInTheDetails()
    {
        using var server = LocalServer.Answering(429, "slow down", "text/plain", ("Retry-After", "17"));

        (await Step.FailAsync(new { url = server.Url })).Details.Should().Be("Retry-After: 17\nslow down");
    }

    [Fact]
    public async Task Message_OfAFailure_ShowsNoPathOrQuery()
    {
        using var server = LocalServer.Answering(403);

        (await Step.FailAsync(new { url = server.Url + "hooks/s3cret?token=s3cret" })).Message.Should().NotContain("s3cret");
    }

    [Fact]
    public async Task Request_WithJsonBody_IsSentAsConfigured()
    {
        using var server = LocalServer.Answering(200);

        await Step.RunAsync(new { method = "post", url = server.Url + "p?q=1", headers = new Dictionary<string, object> { ["X-Number"] = 5, ["Content-Type"] = "application/vnd.a+json" }, body = new { a = 1 } });

        var request = server.Requests.Should().ContainSingle().Which;
        (request.Method, request.Path, request.Body).Should().Be(("POST", "/p?q=1", """{"a":1}"""));
        (request.Headers["X-Number"], request.Headers["Content-Type"]).Should().Be(("5", "application/vnd.a+json"));
    }

    [Theory]
    [InlineData("\"plain\"", "plain", "text/plain; charset=utf-8")]
    [InlineData("[1]", "[1]", "application/json; charset=utf-8")]
    public async Task Body_Bare_NamesItsType(string body, string sent, string type)
    {
        using var server = LocalServer.Answering(200);

        await Step.RunAsync(new { method = "PUT", url = server.Url, body = JsonElement.Parse(body) });

        (server.Requests[0].Body, server.Requests[0].Headers["Content-Type"]).Should().Be((sent, type));
    }

    [Theory]
    [InlineData("GET", false)]
    [InlineData("POST", true)]
    [InlineData("DELETE", true)]
    public async Task IdempotencyKey_OfEffects_IsSent(string method, bool isSent)
    {
        using var server = LocalServer.Answering(200);

        await Step.RunAsync(new { method, url = server.Url });

        server.Requests[0].Headers["Idempotency-Key"].Should().Be(isSent ? StepPayload.For().IdempotencyKey : null);
    }

    [Fact]
    public async Task IdempotencyKey_OfTheFlowItself_Wins()
    {
        using var server = LocalServer.Answering(200);

        await Step.RunAsync(new { method = "POST", url = server.Url, headers = new Dictionary<string, string> { ["idempotency-key"] = "mine" } });

        server.Requests[0].Headers["Idempotency-Key"].Should().Be("mine");
    }

    [Fact]
    public async Task Cookies_OfOneCall_AreNotSentByTheNext()
    {
        using var server = LocalServer.Answering(200, "", "text/plain", ("Set-Cookie", "session=1"));

        await Step.RunAsync(new { url = server.Url });
        await Step.RunAsync(new { url = server.Url });

        server.Requests[1].Headers["Cookie"].Should().BeNull();
    }

    [Fact]
    public async Task Answer_OverTheLimit_FailsForGood()
    {
        using var server = LocalServer.Answering(200, new string('x', 2000));

        var failure = await Step.FailAsync(new { url = server.Url, max_response_bytes = 1999 });

        (failure.Reason, failure.Retryable).Should().Be(("response_too_large", false));
    }

    [Fact]
    public async Task Connection_Refused_IsRetryable()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var url = $"http://{probe.LocalEndpoint}/";
        probe.Stop();

        var failure = await Step.FailAsync(new { url });

        (failure.Reason, failure.Retryable).Should().Be(("http_failed", true));
    }

    [Fact]
    public async Task Connection_CutInTheMiddle_IsRetryable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var cut = CutAsync(listener);

        var failure = await Step.FailAsync(new { url = $"http://{listener.LocalEndpoint}/" });

        await cut;
        (failure.Reason, failure.Retryable).Should().Be(("http_failed", true));
    }

    [Fact]
    public async Task Cancel_WhileTheServerIsSilent_EndsTheStep()
    {
        using var stop = new CancellationTokenSource();
        using var server = new LocalServer(async _ =>
        {
            await stop.CancelAsync();
            await new TaskCompletionSource().Task;
        });

        var act = async () => await Step.ExecuteAsync(StepPayload.For(config: new { url = server.Url }), stop.Token);

        await act.Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData("""{ "url": "/relative" }""")]
    [InlineData("""{ "url": "file:///etc/passwd" }""")]
    [InlineData("""{ "url": "" }""")]
    [InlineData("""{ }""")]
    [InlineData("""{ "url": "http://localhost/", "method": "TRACE" }""")]
    [InlineData("""{ "url": "http://localhost/", "method": "GET / HTTP/1.1\r\nX: y" }""")]
    [InlineData("""{ "url": "http://localhost/", "headers": { "X-A": "b\r\nX-Evil: 1" } }""")]
    [InlineData("""{ "url": "http://localhost/", "headers": { "bad name": "b" } }""")]
    [InlineData("""{ "url": "http://localhost/", "headers": { "Transfer-Encoding": "chunked" } }""")]
    public async Task Config_Illegal_FailsForGood(string config)
    {
        var failure = await Step.FailAsync(JsonElement.Parse(config));

        (failure.Reason, failure.Retryable).Should().Be((Reasons.InvalidConfig, false));
    }

    private static async Task CutAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        (await client.GetStream().ReadAsync(new byte[4096])).Should().BePositive();
        await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"u8.ToArray());
    }
}
