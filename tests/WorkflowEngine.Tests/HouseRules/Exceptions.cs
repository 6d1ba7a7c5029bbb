namespace WorkflowEngine.Tests.HouseRules;

/// <summary>
/// Where the house departs from its own rules: the rule, the file and subject as a failing test prints them, and why. This list may only
/// shrink; an entry that is no longer needed fails <see cref="HouseRulesTests"/>.
/// </summary>
internal static class Exceptions
{
    public static readonly IReadOnlyList<HouseException> Table =
    [
        new("edges", "src/WorkflowEngine/Data/DataPacket.cs", "Steps", "a packet converts to what a step returns; C# wants the operator on one of the two"),
        new("documented", "src/WorkflowEngine/Jobs/Events/JobEvent.cs", "CS1591", "each constant is its own description"),
        new("documented", "src/WorkflowEngine/Jobs/StepError.cs", "CS1591", "each constant is its own description"),
        new("sealed", "src/WorkflowEngine/Data/WorkflowException.cs", "WorkflowException", "the root of the family: applications catch it and stores may derive from it"),
        new("sealed", "src/WorkflowEngine/Client/JobHandle.cs", "JobHandle", "applications mock it: virtual members, as API.md has it"),
        new("sealed", "src/WorkflowEngine/Client/JobReports.cs", "ControlOptions", "RetryOptions and SignalOptions add to it, as API.md has it"),
    ];

    public static bool Covers(string rule, Offence offence)
        => Table.Any(entry => entry.Rule == rule && entry.File == offence.File && entry.Subject == offence.Subject);
}

/// <summary>One departure.</summary>
internal sealed record HouseException(string Rule, string File, string Subject, string Reason);
