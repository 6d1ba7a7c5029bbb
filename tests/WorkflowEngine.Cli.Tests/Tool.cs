using System.Diagnostics;
using System.Text.Json;

namespace WorkflowEngine.Cli.Tests;

/// <summary>The built <c>wf</c> as a process of its own, in a folder of its own.</summary>
internal sealed class Tool : IDisposable
{
    public static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "wf.dll");

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public string Folder { get; } = Directory.CreateTempSubdirectory("wf-test-").FullName;

    /// <summary>Writes a file and returns its path.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public Process Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    public Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) => StartProgram(Assembly, environment, arguments);

    /// <summary>Starts a program in the tool's folder.</summary>
    public Process StartProgram(string assembly, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("WF_STORE");
        start.Environment.Remove("DATABASE_URL");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public Task<ToolRun> RunAsync(params string[] arguments) => EndAsync(Start(arguments));

    public async Task<ToolRun> RunWithInputAsync(string input, params string[] arguments)
    {
        var process = Start(arguments);
        await process.StandardInput.WriteAsync(input);
        return await EndAsync(process);
    }

    /// <summary>Closes stdin, reads everything and waits for the end.</summary>
    public static async Task<ToolRun> EndAsync(Process process)
    {
        using (process)
        {
            using var limit = new CancellationTokenSource(Longest);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException late)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException("wf did not end in time.", late);
            }

            return new ToolRun(process.ExitCode, await output, await error);
        }
    }

    public static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Reads progress lines until one holds the text.</summary>
    public static async Task UntilAsync(Process process, string text)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException($"wf ended without a line with '{text}'.");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>What one call of <c>wf</c> did.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>Stdout as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonElement.Parse(Output);
}

/// <summary>The lines of an events file.</summary>
internal static class EventLines
{
    public static List<JsonElement> Read(string path) => [.. File.ReadLines(path).Select(line => JsonElement.Parse(line))];

    public static string? Text(this JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    public static void ShouldBeGapFree(this IReadOnlyList<JsonElement> events)
        => events.Select(happened => happened.GetProperty("sequence").GetInt64()).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
}
