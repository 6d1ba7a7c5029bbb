using WorkflowEngine.Storage;

namespace WorkflowEngine.Cli;

/// <summary>One <c>wf doctor</c>: findings grouped by rule for people, all of them as JSON for programs.</summary>
internal static class DoctorRun
{
    private const int MostShown = 10;

    /// <summary>As the engine's own sweep has it: what is younger may belong to a job whose first commit is still to come.</summary>
    private static readonly TimeSpan YoungestOrphan = TimeSpan.FromDays(1);

    /// <returns>The exit code: 1 when something is left to be mended.</returns>
    public static async Task<int> RunAsync(StoreAddress store, string? packets, bool repairs, bool isJson)
    {
        await using var local = StoreClient.Open(store, packets, migrates: false);
        await StoredFlows.LoadAsync(local);
        var inspection = new StoreInspection(local.Store, local.Node.Packets, (flow, version) => local.Node.FindFlow(flow, version)?.Flow);
        var findings = new List<StoreFinding>();
        await foreach (var finding in inspection.InspectAsync(repairs, YoungestOrphan, CancellationToken.None))
        {
            findings.Add(finding);
        }

        var left = findings.Count(finding => finding is { IsRepaired: false, IsNote: false });
        if (isJson)
        {
            Console.Out.WriteLine(JsonText.Of(new { Healthy = left == 0, inspection.Jobs, inspection.Packets, Findings = findings.Select(ItemOf) }));
        }
        else
        {
            foreach (var group in findings.GroupBy(finding => finding.Code))
            {
                Show([.. group]);
            }
        }

        await Console.Error.WriteLineAsync(Verdict(store, inspection, findings, left, repairs));
        return left == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Show(IReadOnlyList<StoreFinding> group)
    {
        Console.Out.WriteLine($"{group[0].Code}: {group.Count}{(group[0].IsNote ? ", only to be known" : string.Empty)}");
        foreach (var finding in group.Take(MostShown))
        {
            Console.Out.WriteLine($"  {(finding.Job is { } job ? $"job {job} " : string.Empty)}{JsonText.OneLine(finding.Message)}{(finding.IsRepaired ? " [repaired]" : string.Empty)}");
        }

        if (group.Count > MostShown)
        {
            Console.Out.WriteLine($"  and {group.Count - MostShown} more; --json shows all");
        }

        if (group.FirstOrDefault(finding => !finding.IsRepaired)?.Advice is { } advice)
        {
            Console.Out.WriteLine($"  {advice}");
        }
    }

    private static string Verdict(StoreAddress store, StoreInspection inspection, List<StoreFinding> findings, int left, bool repairs)
    {
        var repaired = findings.Count(finding => finding.IsRepaired);
        var looked = $"{inspection.Jobs} jobs and {inspection.Packets} packets looked at";
        var mended = repaired == 0 ? string.Empty : $" {repaired} repaired.";
        return left == 0 ? $"wf: {store} is healthy; {looked}.{mended}"
            : $"wf: {store} has {left} findings{(repairs ? " that cannot be repaired" : string.Empty)}; {looked}.{mended}{(repairs ? string.Empty : " --fix repairs what can be repaired without losing data.")}";
    }

    private static object ItemOf(StoreFinding finding) => new { finding.Code, JobId = finding.Job, finding.Message, finding.Advice, finding.IsRepaired, finding.IsNote };
}
