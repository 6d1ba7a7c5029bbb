using System.Text;

namespace WorkflowEngine;

/// <summary>The codes of flow diagnostics, and how problems are collected.</summary>
internal static class FlowProblems
{
    // Found while reading.
    public const string BadJson = "bad_json";
    public const string TooLarge = "too_large";
    public const string DuplicateMember = "duplicate_member";
    public const string MissingMember = "missing_member";
    public const string UnknownMember = "unknown_member";
    public const string WrongType = "wrong_type";
    public const string BadFormat = "bad_format";
    public const string BadDuration = "bad_duration";
    public const string BadSize = "bad_size";
    public const string BadWord = "bad_word";

    // Found while compiling.
    public const string NoSteps = "no_steps";
    public const string InvalidId = "invalid_id";
    public const string InvalidName = "invalid_name";
    public const string DuplicateStepId = "duplicate_step_id";
    public const string UnknownPredecessor = "unknown_predecessor";
    public const string DuplicateEdge = "duplicate_edge";
    public const string BadOrder = "bad_order";
    public const string Cycle = "cycle";
    public const string UnreachableStep = "unreachable_step";
    public const string UnknownType = "unknown_type";
    public const string UnknownPort = "unknown_port";
    public const string UnknownStep = "unknown_step";
    public const string BadConfig = "bad_config";
    public const string BadRetry = "bad_retry";
    public const string BadTimeout = "bad_timeout";
    public const string BadJoin = "bad_join";
    public const string BadWeight = "bad_weight";
    public const string BadLimit = "bad_limit";
    public const string BadTemplate = "bad_template";
    public const string BadExpression = "bad_expression";
    public const string NotSupported = "not_supported";

    private const int LongestShown = 60;

    // Hints serve people. Past this many problems nobody reads them, and a hostile flow must cost linear time.
    private const int MostHints = 100;

    extension(List<FlowDiagnostic> diagnostics)
    {
        public void Report(string code, string? path, string message, params IReadOnlyList<string> stepIds)
            => diagnostics.Add(new FlowDiagnostic(code, message, path, StepIds: stepIds.Count == 0 ? null : stepIds));

        /// <summary>As <see cref="NearestName.Hint"/>, while there are few problems.</summary>
        public string Hint(string? word, IEnumerable<string> known) => diagnostics.Count < MostHints ? NearestName.Hint(word, known) : string.Empty;

        /// <summary>Adds what was found later, except at places where reading failed already: those would be problems of the problem.</summary>
        public void AddUnlessWithin(IEnumerable<FlowDiagnostic> later)
        {
            var known = diagnostics.Select(problem => problem.Path).OfType<string>().Where(path => path != "$").ToHashSet(StringComparer.Ordinal);
            diagnostics.AddRange(later.Where(problem => problem.Path is null || !JsonPath.Ancestors(problem.Path).Any(known.Contains)).ToList());
        }
    }

    /// <summary>A text of the author's in quotes: cut to a readable length, control characters visible.</summary>
    public static string Quote(string? text)
    {
        if (text is null)
        {
            return "null";
        }

        var shown = new StringBuilder("'");
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, LongestShown)))
        {
            _ = char.IsControl(letter) || char.IsSurrogate(letter) ? shown.Append($"\\u{(int)letter:x4}") : shown.Append(letter);
        }

        return shown.Append(text.Length > LongestShown ? $"…' ({text.Length} characters)" : "'").ToString();
    }
}
