namespace WorkflowEngine;

/// <summary>The legal ids (S2), matched to the very end, so that neither a line break nor a path can hide in one.</summary>
internal static class Identifier
{
    public const string StepForm = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}";

    public const string FlowForm = "[A-Za-z0-9][A-Za-z0-9_.-]{0,127}";

    private const int Longest = 128;

    public static bool IsStepId(string? id) => IsId(id, allowDots: false);

    /// <summary>Flow ids and step types.</summary>
    public static bool IsFlowId(string? id) => IsId(id, allowDots: true);

    private static bool IsId(string? id, bool allowDots)
    {
        if (string.IsNullOrEmpty(id) || id.Length > Longest || !char.IsAsciiLetterOrDigit(id[0]))
        {
            return false;
        }

        foreach (var letter in id)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or '-') && !(allowDots && letter == '.'))
            {
                return false;
            }
        }

        return true;
    }
}
