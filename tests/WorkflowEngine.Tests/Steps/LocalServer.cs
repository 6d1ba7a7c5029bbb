using System.Net;

namespace WorkflowEngine.Tests.Steps;

/// <summary>A real HTTP server on a free loopback port; it remembers the requests and answers them one way.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<HttpListenerContext, Task> _answer;

    public LocalServer(Func<HttpListenerContext, Task> answer)
    {
        _answer = answer;
        Url = StartOnFreePort();
        _ = ServeAsync();
    }

    public string Url { get; private set; }

    public List<(string Method, string Path, WebHeaderCollection Headers, string Body)> Requests { get; } = [];

    public static LocalServer Answering(int status, string body = "", string type = "text/plain", params (string Name, string Value)[] headers) => new(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        foreach (var (name, value) in headers)
        {
            context.Response.AppendHeader(name, value);
        }

        return context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body)).AsTask();
    });

    public void Dispose() => _listener.Close();

    private string StartOnFreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        probe.Stop();
        _listener.Prefixes.Add(url);
        _listener.Start();
        return url;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                Requests.Add((context.Request.HttpMethod, context.Request.Url!.PathAndQuery, (WebHeaderCollection)context.Request.Headers, await reader.ReadToEndAsync()));
                await _answer(context);
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The test is over, or the client went away.
        }
    }
}
