using System.CommandLine;

namespace WorkflowEngine.Cli;

/// <summary>From arguments to an exit code. Every error of the user is one line on stderr, never a stack trace.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        Console.SetError(new QuietErrors(Console.Error));

        // An input may begin with '@'; it is no response file.
        var parsed = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0 && parsed.Action?.ClearsParseErrors != true)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"wf: {error.Message}");
            }

            var path = string.Join(' ', CommandPath(parsed.CommandResult.Command));
            await Console.Error.WriteLineAsync($"wf: see `{path} --help`");
            return End(parsed, ExitCodes.Invalid, () => ErrorDocument.Of("invalid_arguments", parsed.Errors[0].Message));
        }

        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration);
        }
        catch (Exception error)
        {
            var code = ExitCodes.Of(error);
            await Console.Error.WriteLineAsync(code == ExitCodes.InternalError ? $"wf: internal error: {error.GetType().Name}: {error.Message}" : $"wf: {error.Message}");
            return End(parsed, code, () => ErrorDocument.Of(error));
        }
    }

    private static int End(ParseResult parsed, int code, Func<string> document)
    {
        if (ErrorDocument.IsWanted(parsed))
        {
            Console.Out.WriteLine(document());
        }

        return code;
    }

    private static RootCommand Root() => new("Runs, checks, draws and measures workflows.")
    {
        RunCommand.Create(),
        StartCommand.Create(),
        ValidateCommand.Create(),
        ShowCommand.Create(),
        ImportCommand.Create(),
        JobsCommand.Create(),
        WorkerCommand.Create(),
        MigrateCommand.Create(),
        DoctorCommand.Create(),
        BenchCommand.Create(),
    };

    private static IEnumerable<string> CommandPath(Command command)
    {
        var names = new List<string>();
        for (Command? part = command; part is not null; part = part.Parents.OfType<Command>().FirstOrDefault())
        {
            names.Insert(0, part is RootCommand ? "wf" : part.Name);
        }

        return names;
    }
}
