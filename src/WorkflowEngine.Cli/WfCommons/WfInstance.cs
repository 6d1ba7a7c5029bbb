using System.Text.Json;

namespace WorkflowEngine.Cli;

/// <summary>A recorded workflow in WfFormat 1.5: its tasks in declared order.</summary>
/// <param name="Name">The instance's name; null: none.</param>
/// <param name="Description">What it is; null: unknown.</param>
/// <param name="Tasks">The tasks.</param>
internal sealed record WfInstance(string? Name, string? Description, IReadOnlyList<WfTask> Tasks)
{
    private const int Deepest = 64;

    /// <exception cref="UsageException">It is not JSON, or not an instance; the message names the place.</exception>
    public static WfInstance Read(string text, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Deepest });
            var root = document.RootElement;
            var tasks = TasksOf(root) ?? throw Bad(path, "there is no workflow.specification.tasks");
            var runtimes = Runtimes(root, path);
            var read = tasks.EnumerateArray().Select((task, index) => TaskOf(task, index, runtimes, path)).ToList();
            if (read.Count == 0)
            {
                throw Bad(path, "it has no tasks");
            }

            return new WfInstance(Text(root, "name"), Text(root, "description"), Linked(read, path));
        }
        catch (JsonException error)
        {
            throw Bad(path, $"it is not JSON: {error.Message}");
        }
    }

    /// <summary>The tasks with their parents complete: an edge that only the parent's <c>children</c> tell is added behind those the task names itself.</summary>
    private static List<WfTask> Linked(List<WfTask> tasks, string path)
    {
        var parents = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            if (!parents.TryAdd(task.Id, [.. task.Parents.Distinct(StringComparer.Ordinal)]))
            {
                throw Bad(path, $"task id '{task.Id}' is used twice");
            }
        }

        foreach (var task in tasks)
        {
            if (parents[task.Id].FirstOrDefault(parent => !parents.ContainsKey(parent)) is { } unknown)
            {
                throw Bad(path, $"task '{task.Id}' names parent '{unknown}', which is no task");
            }

            foreach (var child in task.Children)
            {
                var known = parents.GetValueOrDefault(child) ?? throw Bad(path, $"task '{task.Id}' names child '{child}', which is no task");
                if (!known.Contains(task.Id, StringComparer.Ordinal))
                {
                    known.Add(task.Id);
                }
            }
        }

        return tasks.ConvertAll(task => task with { Parents = parents[task.Id] });
    }

    private static JsonElement? TasksOf(JsonElement root)
    {
        var workflow = Member(root, "workflow", JsonValueKind.Object);
        var specification = workflow is { } found ? Member(found, "specification", JsonValueKind.Object) : null;
        return specification is { } inner ? Member(inner, "tasks", JsonValueKind.Array) : null;
    }

    private static Dictionary<string, double> Runtimes(JsonElement root, string path)
    {
        var runtimes = new Dictionary<string, double>(StringComparer.Ordinal);
        var execution = Member(root, "workflow", JsonValueKind.Object) is { } workflow ? Member(workflow, "execution", JsonValueKind.Object) : null;
        if (execution is { } found && Member(found, "tasks", JsonValueKind.Array) is { } tasks)
        {
            foreach (var task in tasks.EnumerateArray())
            {
                if (task.ValueKind == JsonValueKind.Object && Text(task, "id") is { } id && Member(task, "runtimeInSeconds", JsonValueKind.Number) is { } runtime)
                {
                    var seconds = runtime.GetDouble();
                    runtimes[id] = seconds >= 0 && double.IsFinite(seconds) ? seconds : throw Bad(path, $"task '{id}' ran for {runtime.GetRawText()} seconds");
                }
            }
        }

        return runtimes;
    }

    private static WfTask TaskOf(JsonElement task, int index, Dictionary<string, double> runtimes, string path)
    {
        var place = $"workflow.specification.tasks[{index}]";
        if (task.ValueKind != JsonValueKind.Object || Text(task, "id") is not { Length: > 0 } id)
        {
            throw Bad(path, $"{place} has no id");
        }

        return new WfTask(id, runtimes.GetValueOrDefault(id), Names(task, "parents", place, path), Names(task, "children", place, path));
    }

    private static List<string> Names(JsonElement task, string member, string place, string path)
    {
        if (!task.TryGetProperty(member, out var names) || names.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return names.ValueKind == JsonValueKind.Array && names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : throw Bad(path, $"{place}.{member} is no list of task ids");
    }

    private static JsonElement? Member(JsonElement element, string name, JsonValueKind kind)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == kind ? member : null;

    private static string? Text(JsonElement element, string name) => Member(element, name, JsonValueKind.String)?.GetString();

    private static UsageException Bad(string path, string why) => new($"{path} is no WfCommons instance: {why}.");
}

/// <summary>One task.</summary>
/// <param name="Id">Its id, of any characters.</param>
/// <param name="RuntimeSeconds">How long it ran; 0 when that was not recorded.</param>
/// <param name="Parents">The tasks that must end first, in declared order.</param>
/// <param name="Children">The tasks that wait for it.</param>
internal sealed record WfTask(string Id, double RuntimeSeconds, IReadOnlyList<string> Parents, IReadOnlyList<string> Children);
