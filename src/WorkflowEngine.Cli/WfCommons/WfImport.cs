namespace WorkflowEngine.Cli;

/// <summary>Turns a recorded workflow into a flow: one step per task, after the task's parents.</summary>
internal static class WfImport
{
    private const int LongestId = 128;

    /// <summary>With a scale each step simulates its recorded runtime times the scale; without one it is a no-op.</summary>
    public static FlowDefinition ToFlow(WfInstance instance, double? scale)
    {
        var ids = LegalIds(instance.Tasks.Select(task => task.Id), allowsDots: false);
        var steps = instance.Tasks.Select(task => new StepDefinition
        {
            Id = ids[task.Id],
            Name = task.Id,
            Type = scale is null ? "noop" : "simulate",
            Config = scale is { } factor ? WorkflowJson.ToElement(new { Duration = Math.Round(task.RuntimeSeconds * factor, 6) }) : null,
            After = [.. task.Parents.Select(parent => new StepEdge(ids[parent]))],
        });
        var name = string.IsNullOrWhiteSpace(instance.Name) ? "wfcommons" : instance.Name;
        return new FlowDefinition
        {
            Id = LegalIds([name], allowsDots: true)[name],
            Name = instance.Name,
            Description = instance.Description,
            Steps = [.. steps],
        };
    }

    /// <summary>
    /// Ids as they are when legal, else with each illegal character as <c>_</c>, made unique by <c>_2</c>, <c>_3</c> and so on. Legal ids are never changed
    /// in favour of others. An id that begins with <c>_</c> or <c>-</c> gets a letter in front; one that is too long is cut.
    /// </summary>
    public static Dictionary<string, string> LegalIds(IEnumerable<string> originals, bool allowsDots)
    {
        var all = originals.ToList();
        var taken = all.Where(IsLegal).ToHashSet(StringComparer.Ordinal);
        var ids = taken.ToDictionary(id => id, StringComparer.Ordinal);
        foreach (var original in all.Where(id => !IsLegal(id)))
        {
            var plain = Plain(original, allowsDots);
            var id = plain;
            for (var number = 2; !taken.Add(id); number++)
            {
                var ending = $"_{number}";
                id = plain[..Math.Min(plain.Length, LongestId - ending.Length)] + ending;
            }

            ids[original] = id;
        }

        return ids;

        bool IsLegal(string id) => allowsDots ? Identifier.IsFlowId(id) : Identifier.IsStepId(id);
    }

    private static string Plain(string original, bool allowsDots)
    {
        var letters = original.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' || (allowsDots && letter == '.') ? letter : '_').ToArray();
        var plain = new string(letters);
        plain = char.IsAsciiLetterOrDigit(plain[0]) ? plain : "t" + plain;
        return plain.Length > LongestId ? plain[..LongestId] : plain;
    }
}
