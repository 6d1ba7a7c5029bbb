using System.Diagnostics;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>What to start, found and checked beforehand: the program, its arguments, its environment.</summary>
internal static class ExecCommand
{
    /// <exception cref="StepFailedException">The program or the working directory is not there, or something is not legal; never retryable.</exception>
    public static ProcessStartInfo From(ExecConfig config, StepPayload payload)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = DirectoryOf(config.WorkingDirectory),
        };
        SetEnvironment(start, config, payload);
        start.FileName = Find(Legal(ConfigText.Required(config.Command, "command"), "command"), start);
        foreach (var argument in config.Args ?? [])
        {
            start.ArgumentList.Add(Legal(ConfigText.Of(argument), "args"));
        }

        return start;
    }

    private static string DirectoryOf(string? directory) => string.IsNullOrEmpty(directory) || Directory.Exists(directory)
        ? directory ?? ""
        : throw new StepFailedException("working_directory_not_found", $"There is no folder '{directory}'.", retryable: false);

    private static void SetEnvironment(ProcessStartInfo start, ExecConfig config, StepPayload payload)
    {
        foreach (var (name, value) in config.Env ?? new Dictionary<string, JsonElement>())
        {
            if (name.Length == 0 || name.Contains('='))
            {
                throw ConfigText.Invalid($"'{name}' is not a legal name of an environment variable.");
            }

            start.Environment[Legal(name, "env")] = value.ValueKind == JsonValueKind.Null ? null : Legal(ConfigText.Of(value), "env");
        }

        start.Environment["WF_JOB_ID"] = payload.JobId.ToString();
        start.Environment["WF_STEP_ID"] = payload.StepId;
        start.Environment["WF_ATTEMPT"] = payload.Attempt.ToString();
        start.Environment["WF_IDEMPOTENCY_KEY"] = payload.IdempotencyKey;
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } trace })
        {
            start.Environment["TRACEPARENT"] = trace;
        }
    }

    private static string Legal(string text, string member)
        => text.Contains('\0') ? throw ConfigText.Invalid($"'{member}' holds a NUL character, which no process can be given.") : text;

    // The runtime's own search also looks beside the host's executable and in its working directory, where a stray file would win over PATH.
    private static string Find(string command, ProcessStartInfo start)
    {
        if (OperatingSystem.IsWindows())
        {
            return command;
        }

        IEnumerable<string> places = command.Contains('/')
            ? [Path.GetFullPath(command, Path.GetFullPath(start.WorkingDirectory.Length == 0 ? "." : start.WorkingDirectory))]
            : SearchPath(start).Select(folder => Path.Combine(folder, command));
        string[] files = [.. places.Where(File.Exists)];
        return files.FirstOrDefault(IsExecutable) ?? (files.Length == 0
            ? throw NotFound(command)
            : throw new StepFailedException("command_not_executable", $"'{command}' may not be executed.", retryable: false));
    }

    public static StepFailedException NotFound(string command, Exception? inner = null)
        => new("command_not_found", $"There is no command '{command}'.", retryable: false, inner);

    /// <summary>The program at a place of PATH, or null.</summary>
    public static string? FindTool(string name)
        => OperatingSystem.IsWindows() ? null : Folders(Environment.GetEnvironmentVariable("PATH")).Select(folder => Path.Combine(folder, name)).FirstOrDefault(path => File.Exists(path) && IsExecutable(path));

    private static IEnumerable<string> SearchPath(ProcessStartInfo start) => Folders(start.Environment.TryGetValue("PATH", out var path) ? path : null);

    private static IEnumerable<string> Folders(string? path) => (path ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsExecutable(string path)
        => OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;
}
