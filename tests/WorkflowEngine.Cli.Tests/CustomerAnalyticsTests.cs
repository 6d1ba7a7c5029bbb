using System.Diagnostics;

namespace WorkflowEngine.Cli.Tests;

/// <summary><c>samples/CustomerAnalytics</c>: a session that is killed in the middle of a step, and the same command again.</summary>
public sealed class CustomerAnalyticsTests : IDisposable
{
    private static readonly string Analytics = Path.Combine(AppContext.BaseDirectory, "CustomerAnalytics.dll");

    private readonly Tool _wf = new();

    public void Dispose() => _wf.Dispose();

    [Fact]
    public async Task Analytics_KilledInTheMiddle_GoesOnWithTheBatchItWasAt()
    {
        var killed = Start("--batch-delay", "100");
        await Tool.UntilAsync(killed, "Processed 20000/45000");
        killed.Kill();
        (await Tool.EndAsync(killed)).ExitCode.Should().Be(137);

        var again = await Tool.EndAsync(Start());

        again.ExitCode.Should().Be(0, again.Error);
        again.Output.Should().StartWith("completed: 4 of 4 steps");
        again.Error.Should().NotContain("Processed 1000/45000", "the first batches are durable").And.Contain("Processed 45000/45000");
        var report = await File.ReadAllLinesAsync(_wf.PathOf("customer-analytics.md"));
        report[2].Should().Be("45000 records of 1500 customers.");
        report.Where(line => line.Contains("| 4500 |", StringComparison.Ordinal)).Should().HaveCount(10, "no record is counted twice");
        (await Tool.EndAsync(Start())).Error.Should().Contain("has ended: completed");
    }

    private Process Start(params string[] arguments) => _wf.StartProgram(Analytics, new Dictionary<string, string>(), arguments);
}
