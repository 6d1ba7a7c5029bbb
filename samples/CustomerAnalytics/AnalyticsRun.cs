using System.Globalization;
using WorkflowEngine;

namespace CustomerAnalytics;

/// <summary>What the file holds.</summary>
internal sealed record DataInfo(int Customers, int Records);

/// <summary>What one country bought.</summary>
internal sealed record CountrySum(string Country, int Records, decimal Amount);

/// <summary>
/// The whole analysis as one session: load, process in batches, aggregate, save. Kill it at any moment and run it again: it goes on with the batch it was at.
/// </summary>
internal sealed class AnalyticsRun(IWorkflowEngine engine, Arguments arguments)
{
    private const int BatchSize = 1000;

    public async Task<int> RunAsync()
    {
        await using var session = await engine.OpenSessionAsync("customer_analytics", arguments.Run, totalSteps: 4);
        if (!await session.TryRunStepAsync("load_data", "Load customer data", LoadAsync))
        {
            Console.Error.WriteLine("The data could not be loaded:");
            (await session.GetStatusAsync()).Recovery.ToList().ForEach(Console.Error.WriteLine);
            await session.CompleteAsync(success: false);
            return 1;
        }

        var info = (await session.GetStepResultAsync<DataInfo>("load_data"))!;
        session.Variables.Set("data_info", info, VariableKind.Output, "load_data");
        await ProcessAsync(session, info);
        await AggregateAsync(session, info);
        await session.RunStepAsync("save_results", SaveAsync, new StepOptions { Name = "Save final results" });
        await session.CompleteAsync();

        var status = await session.GetStatusAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{status.Status.ToString().ToLowerInvariant()}: {status.Progress.Completed} of {status.Progress.Total} steps in {status.Metrics.Duration!.Value.TotalSeconds:0.0} s, {status.Checkpoints.Count} checkpoint; {arguments.Report}"));
        return 0;

        Task SaveAsync(CancellationToken cancellationToken)
            => File.WriteAllTextAsync(arguments.Report, Report.Of(session.Variables.Get<List<CountrySum>>("aggregated_results")!, info), cancellationToken);
    }

    private async Task<DataInfo> LoadAsync(CancellationToken cancellationToken)
    {
        CustomerFile.MakeWhenMissing(arguments.Records);
        var customers = new HashSet<int>();
        var records = 0;
        await foreach (var record in CustomerFile.Read(arguments.Records).ToAsyncEnumerable().WithCancellation(cancellationToken))
        {
            customers.Add(record.Customer);
            records++;
        }

        return new DataInfo(customers.Count, records);
    }

    /// <summary>Driven by hand: the sums and the number of processed records go into one variable, so that a crash repeats at most the batches of a third of a second.</summary>
    private async Task ProcessAsync(JobSession session, DataInfo info)
    {
        if (!await session.StartStepAsync("process_data", "Process customer records"))
        {
            return;
        }

        var done = session.Variables.Get<Processed>("processed") ?? new Processed(0, []);
        foreach (var batch in CustomerFile.Read(arguments.Records).Skip(done.Records).Chunk(BatchSize))
        {
            done = done.With(batch);
            session.Variables.Set("processed", done, VariableKind.Intermediate, "process_data");
            await session.UpdateStepProgressAsync("process_data", 100.0 * done.Records / info.Records, $"Processed {done.Records}/{info.Records} records");
            await Console.Error.WriteLineAsync($"Processed {done.Records}/{info.Records} records");
            await Task.Delay(arguments.BatchDelay, TimeProvider.System, session.Stopping);
        }

        await session.CompleteStepAsync("process_data");
    }

    /// <summary>A checkpoint before the risk; when the sums do not match, back to it.</summary>
    private static async Task AggregateAsync(JobSession session, DataInfo info)
    {
        var checkpoint = await session.CreateCheckpointAsync("Before aggregation");
        if (!await session.StartStepAsync("aggregate_data", "Aggregate results"))
        {
            return;
        }

        try
        {
            var done = session.Variables.Get<Processed>("processed")!;
            if (done.Records < info.Records)
            {
                throw new InvalidDataException($"Only {done.Records} of {info.Records} records were processed.");
            }

            var sums = done.Sums.Values.OrderByDescending(sum => sum.Amount).ToList();
            await session.Variables.SetAsync("aggregated_results", sums, VariableKind.Output, "aggregate_data");
            await session.CompleteStepAsync("aggregate_data");
        }
        catch (InvalidDataException error)
        {
            Console.Error.WriteLine($"Aggregation failed: {session.HandleStepError("aggregate_data", "Aggregate results", error).Description}");
            await session.RestoreCheckpointAsync(checkpoint.Id);
            await session.CompleteStepAsync("aggregate_data", success: false, error);
            throw;
        }
    }

    /// <summary>How far processing is, with the sums so far.</summary>
    private sealed record Processed(int Records, Dictionary<string, CountrySum> Sums)
    {
        public Processed With(IReadOnlyCollection<CustomerRecord> batch)
        {
            var sums = new Dictionary<string, CountrySum>(Sums, StringComparer.Ordinal);
            foreach (var record in batch)
            {
                var sum = sums.GetValueOrDefault(record.Country) ?? new CountrySum(record.Country, 0, 0);
                sums[record.Country] = sum with { Records = sum.Records + 1, Amount = sum.Amount + record.Amount };
            }

            return new Processed(Records + batch.Count, sums);
        }
    }
}
