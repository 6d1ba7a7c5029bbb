using Microsoft.Extensions.DependencyInjection;
using WorkflowEngine.Tests.Storage;

namespace WorkflowEngine.Tests.Simulation;

/// <summary>R24: any call of the store may fail at any point, before or after it took effect, and everything comes to the same end.</summary>
public sealed class EveryStoreCallTests
{
    /// <summary>Most claims find nothing: the suite takes some of them, and on a file some of all; the long form (<c>WORKFLOW_ENGINE_LONG=1</c>) takes every call.</summary>
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("WORKFLOW_ENGINE_LONG") == "1";

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task MixedScenario_WithAnyOneCallFailing_ComesToTheSameEnd(string store)
    {
        var (expected, calls) = await PlayAsync(store, fault: null);
        var failures = new List<string>();
        var began = TimeProvider.System.GetTimestamp();
        var chosen = Enumerable.Range(1, calls.Count).Where(number => IsLong || (store == "memory" ? calls[number - 1] is not { Member: StoreMember.Claim, Jobs.Count: 0 } || number % 16 == 0 : number % 12 == 0)).ToList();
        foreach (var (number, afterEffect) in chosen.SelectMany(_ => new[] { false, true }, (number, after) => (number, after)))
        {
            try
            {
                var (found, made) = await PlayAsync(store, new Fault { Call = number, AfterEffect = afterEffect });
                if (found != expected)
                {
                    failures.Add($"{made.FirstOrDefault(call => call.Fault is not null)}:\n{found}");
                }
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                failures.Add($"call {number} {(afterEffect ? "after" : "before")}: {error.GetType().Name} {error.Message}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{store}: {chosen.Count} of {calls.Count} calls, each failing before and after, in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s: {string.Join(", ", calls.CountBy(call => call.Member).Select(pair => $"{pair.Value} {pair.Key}"))}\n{expected}");
        calls.Select(call => call.Member).Distinct().Should().Contain([StoreMember.Claim, StoreMember.Commit, StoreMember.Send, StoreMember.Load]);
        failures.Should().BeEmpty("expected:\n{0}", expected);
    }

    private static async Task<(string State, IReadOnlyList<StoreCall> Calls)> PlayAsync(string store, Fault? fault)
    {
        if (store == "memory")
        {
            return await MixedScenario.PlayAsync(engine => engine.UseInMemory(), fault);
        }

        using var folder = new SqliteFolder();
        return await MixedScenario.PlayAsync(engine => engine.UseSqlite($"Data Source={folder.File}"), fault);
    }
}
