namespace WorkflowEngine;

/// <summary>A mistake in an expression.</summary>
/// <param name="Code">The code of its diagnostic; null: the general one of the place.</param>
/// <param name="Column">Where, 1 being the first character of the text.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
internal readonly record struct ExpressionProblem(string? Code, int Column, string Message);

/// <summary>The names that exist where an expression stands, so that a wrong one is found before anything runs.</summary>
internal sealed class ExpressionNames
{
    private static readonly string[] JobNames = ["id", "flow_id", "key", "trigger", "attempt", "tenant", "scheduled_at"];
    /// <summary>What <c>loop</c> has in a round of <c>for_each</c>.</summary>
    public static readonly string[] OfForEach = ["item", "index", "total", "first", "last"];

    /// <summary>What <c>loop</c> has in a round of <c>while</c>, which knows no end.</summary>
    public static readonly string[] OfWhile = ["index", "first"];

    private static readonly string[] StepNames = ["output", "status", "port", "error"];

    /// <summary>The ids of all steps of the flow.</summary>
    public required IReadOnlyDictionary<string, int> Steps { get; init; }

    /// <summary>The predecessors' ids; null where there are no inputs.</summary>
    public Func<IEnumerable<string>>? Inputs { get; init; }

    public bool HasSecrets { get; init; }

    public bool HasSignal { get; init; }

    /// <summary>Whether an error may come in here.</summary>
    public Func<bool>? HasError { get; init; }

    /// <summary>The names below <c>loop</c>; null outside of a loop.</summary>
    public string[]? Loop { get; init; }

    private string[] Roots => [.. RootsHere()];

    /// <summary>True for a root whose names are looked up one by one, so that what is needed can be loaded before.</summary>
    public static bool IsNamespace(string root) => root is "inputs" or "steps" or "variables" or "engine_data" or "secrets" or "job" or "loop";

    /// <summary>True for a root that may be absent, so that <c>has(error)</c> makes sense.</summary>
    public static bool MayBeAbsent(string root) => root is "error" or "signal";

    /// <summary>What is wrong with a path such as <c>["steps", "fetch", "output"]</c>; null when nothing can be found before it runs.</summary>
    /// <param name="path">The names as far as they are written down.</param>
    /// <param name="column">Where the path begins.</param>
    public ExpressionProblem? Check(IReadOnlyList<string> path, int column) => path switch
    {
        ["input", ..] => null,
        ["variables" or "engine_data", ..] => null,
        ["signal", ..] when HasSignal => null,
        ["error", ..] when HasError is not null => HasError() ? null : Problem(column, "'error' exists only in a step that comes after another one by its port 'failed' or '*'."),
        ["error", ..] => Problem(column, "'error' does not exist here; name the step: steps.fetch.error."),
        ["inputs", ..] when Inputs is null => Problem(column, "'inputs' does not exist here; 'input' is the packet, and steps.fetch.output what a step made."),
        ["inputs", var step, ..] => Inputs().Contains(step, StringComparer.Ordinal) ? null : UnknownStep(column, $"The input {FlowProblems.Quote(step)} is no predecessor.", step, Inputs()),
        ["steps", var step, ..] when !Steps.ContainsKey(step) => UnknownStep(column, $"The step {FlowProblems.Quote(step)} is not there.", step, Steps.Keys),
        ["steps", _, var name, ..] => Knows(StepNames, name, column, "name of a step"),
        ["steps", _] => null,
        ["secrets", ..] when !HasSecrets => Problem(column, "Secrets exist only in the config of a step: nothing that is stored or decided may depend on them."),
        ["secrets", _] => null,
        ["secrets", _, ..] => Problem(column, "A secret is a string and has no members."),
        ["job", var name, ..] => Knows(JobNames, name, column, "name of a job"),
        ["loop", ..] when Loop is null => Problem(column, "'loop' exists only inside of a loop."),
        ["loop", var name, ..] => Knows(Loop, name, column, "name of a loop"),
        [var root] when IsNamespace(root) => Problem(column, $"'{root}' is looked up name by name, and the name is written down: {root}.{Example(root)} or {root}[\"with-dash\"]."),
        [var root, ..] => Knows(Roots, root, column, "name"),
        _ => null,
    };

    private static string Example(string root) => root switch { "job" => "id", "loop" => "index", "secrets" => "token", _ => "fetch" };

    private IEnumerable<string> RootsHere()
    {
        yield return "input";
        if (Inputs is not null)
        {
            yield return "inputs";
        }

        yield return "steps";
        yield return "variables";
        yield return "engine_data";
        yield return "job";
        foreach (var (isHere, root) in new[] { (HasSecrets, "secrets"), (Loop is not null, "loop"), (HasSignal, "signal"), (HasError is not null, "error") })
        {
            if (isHere)
            {
                yield return root;
            }
        }
    }

    private static ExpressionProblem? Knows(string[] names, string name, int column, string what) => names.Contains(name, StringComparer.Ordinal)
        ? null
        : Problem(column, $"{FlowProblems.Quote(name)} is no {what}; there are {string.Join(", ", names)}.{NearestName.Hint(name, names)}");

    private static ExpressionProblem UnknownStep(int column, string message, string step, IEnumerable<string> known)
        => new(FlowProblems.UnknownStep, column, message + NearestName.Hint(step, known));

    private static ExpressionProblem Problem(int column, string message) => new(null, column, message);
}
