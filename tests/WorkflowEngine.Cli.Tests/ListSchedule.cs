namespace WorkflowEngine.Cli.Tests;

/// <summary>The textbook list scheduler: whenever a worker is free, the ready task that became ready first runs; ties go by declared order.</summary>
internal static class ListSchedule
{
    /// <summary>How long all tasks take with so many workers.</summary>
    public static double Makespan(IReadOnlyDictionary<string, (double Seconds, string[] After)> tasks, int workers)
    {
        var missing = tasks.ToDictionary(task => task.Key, task => task.Value.After.Length);
        var children = tasks.SelectMany(task => task.Value.After, (task, parent) => (parent, task.Key)).ToLookup(pair => pair.parent, pair => pair.Key);
        var ready = new Queue<string>(tasks.Keys.Where(id => missing[id] == 0));
        var running = new PriorityQueue<string, (double End, int Order)>();
        double now = 0;
        for (var order = 0; ready.Count > 0 || running.Count > 0;)
        {
            while (ready.Count > 0 && running.Count < workers)
            {
                var id = ready.Dequeue();
                running.Enqueue(id, (now + tasks[id].Seconds, order++));
            }

            running.TryDequeue(out var ended, out var at);
            now = at.End;
            foreach (var child in children[ended!].Where(child => --missing[child] == 0))
            {
                ready.Enqueue(child);
            }
        }

        return now;
    }
}
