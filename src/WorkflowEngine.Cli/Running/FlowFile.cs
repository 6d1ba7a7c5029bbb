namespace WorkflowEngine.Cli;

/// <summary>A flow file as it lies on disk.</summary>
internal static class FlowFile
{
    private const int LongestDocument = 256 * 1024 * 1024;

    /// <exception cref="UsageException">There is no such file, it cannot be read, or it is YAML.</exception>
    public static string Read(string path)
    {
        if (Path.GetExtension(path).ToUpperInvariant() is ".YAML" or ".YML")
        {
            throw new UsageException($"{path}: YAML flows are not in this version; write the flow as JSON.");
        }

        return ReadText(path);
    }

    /// <exception cref="UsageException">There is no such file, or it cannot be read.</exception>
    public static string ReadText(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException(Directory.Exists(path) ? $"{path} is a folder, not a file." : $"there is no file {path}.");
        }

        try
        {
            return ReadBounded(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {error.Message}");
        }
    }

    /// <summary>A device or pipe may never end: what is longer than any legal document is not read on.</summary>
    private static string ReadBounded(string path)
    {
        using var reader = new StreamReader(path);
        var text = new char[4096];
        var document = new System.Text.StringBuilder();
        for (int read; (read = reader.Read(text)) > 0;)
        {
            document.Append(text, 0, read);
            if (document.Length > LongestDocument)
            {
                throw new UsageException($"{path} is longer than {LongestDocument / (1024 * 1024)} MB.");
            }
        }

        return document.ToString();
    }

    /// <summary>Writes every diagnostic as a line on stderr; true when there are none.</summary>
    public static bool Report(string path, IReadOnlyList<FlowDiagnostic> diagnostics)
    {
        foreach (var problem in diagnostics)
        {
            Console.Error.WriteLine($"{path}: {problem}");
        }

        if (diagnostics.Count > 0)
        {
            Console.Error.WriteLine($"wf: {path} has {diagnostics.Count} problem{(diagnostics.Count == 1 ? string.Empty : "s")}.");
        }

        return diagnostics.Count == 0;
    }
}
