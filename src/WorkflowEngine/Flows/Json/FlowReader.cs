using System.Globalization;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Reads a parsed flow document into a definition and reports everything that has the wrong shape on the way.</summary>
internal sealed class FlowReader(List<FlowDiagnostic> diagnostics)
{
    private static readonly HashSet<string> FlowMembers = new(StringComparer.Ordinal)
    {
        "$schema", "format", "id", "name", "description", "variables", "input_schema", "failure_policy", "strategy", "max_concurrent_steps", "max_concurrent_jobs",
        "concurrency_key", "memory_limit", "timeout", "defaults", "on_failure", "schedules", "steps", "output",
    };

    private static readonly HashSet<string> StepMembers = new(StringComparer.Ordinal)
    {
        "id", "name", "type", "config", "retry", "timeout", "after", "order", "join", "cancel_rest", "allow_empty", "weight", "priority", "compensate_with", "steps",
    };

    private static readonly HashSet<string> EdgeMembers = new(StringComparer.Ordinal) { "step", "port", "when" };
    private static readonly HashSet<string> RetryMembers = new(StringComparer.Ordinal) { "max_attempts", "delay", "backoff", "max_delay", "jitter", "on" };
    private static readonly HashSet<string> DefaultsMembers = new(StringComparer.Ordinal) { "retry", "timeout" };
    private static readonly HashSet<string> OnFailureMembers = new(StringComparer.Ordinal) { "flow_id" };
    private static readonly HashSet<string> JoinMembers = new(StringComparer.Ordinal) { "count" };
    private static readonly string[] JoinWords = ["all", "any"];
    private static readonly (string Unit, long Bytes)[] SizeUnits = [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("TB", 1L << 40), ("B", 1)];

    /// <summary>What could be read; null when the document is no object.</summary>
    public FlowDefinition? Read(JsonElement root)
    {
        if (MemberReader.Open(root, JsonPath.Root, diagnostics, FlowMembers) is not { } flow)
        {
            return null;
        }

        ReadFormat(flow);
        var defaults = flow.Object("defaults", DefaultsMembers);
        return new FlowDefinition
        {
            Id = flow.Required("id"),
            Name = flow.Text("name"),
            Description = flow.Text("description"),
            Variables = ReadVariables(flow),
            InputSchema = flow.Json("input_schema"),
            FailurePolicy = flow.Word<FailurePolicy>("failure_policy") ?? default,
            Strategy = flow.Word<StepStrategy>("strategy") ?? default,
            MaxConcurrentSteps = flow.Integer("max_concurrent_steps"),
            MaxConcurrentJobs = flow.Integer("max_concurrent_jobs"),
            ConcurrencyKey = flow.Text("concurrency_key"),
            MemoryLimit = ReadSize(flow, "memory_limit"),
            Timeout = flow.Time("timeout"),
            DefaultRetry = defaults is { } retry ? ReadRetry(retry) : null,
            DefaultTimeout = defaults?.Time("timeout"),
            OnFailureFlowId = flow.Object("on_failure", OnFailureMembers)?.Required("flow_id"),
            Schedules = flow.Json("schedules", JsonValueKind.Array, "an array"),
            Steps = ReadSteps(flow),
            Output = flow.Json("output"),
        };
    }

    private void ReadFormat(MemberReader flow)
    {
        if (flow.Json("format") is { } format && (format.ValueKind != JsonValueKind.Number || !format.TryGetInt32(out var number) || number != 1))
        {
            diagnostics.Report(FlowProblems.BadFormat, flow.PathOf("format"), "The only format is 1.");
        }
    }

    private static Dictionary<string, JsonElement> ReadVariables(MemberReader flow)
        => flow.Json("variables", JsonValueKind.Object, "an object") is { } variables
            ? variables.EnumerateObject().DistinctBy(member => member.Name, StringComparer.Ordinal).ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal)
            : [];

    /// <summary>A step that cannot be read keeps its place, so that positions in later diagnostics are those of the document.</summary>
    private List<StepDefinition> ReadSteps(MemberReader owner)
    {
        var steps = new List<StepDefinition>();
        foreach (var (element, path) in owner.List("steps"))
        {
            var step = MemberReader.Open(element, path, diagnostics, StepMembers);
            steps.Add(step is { } members ? ReadStep(members) : new StepDefinition { Id = string.Empty, Type = string.Empty });
        }

        return steps;
    }

    private StepDefinition ReadStep(MemberReader step) => new()
    {
        Id = step.Required("id"),
        Name = step.Text("name"),
        Type = step.Required("type"),
        Config = step.Json("config"),
        Retry = ReadRetry(step),
        Timeout = step.Time("timeout"),
        After = ReadEdges(step),
        Order = step.Integer("order"),
        Join = ReadJoin(step),
        CancelRest = step.Flag("cancel_rest") ?? false,
        AllowEmpty = step.Flag("allow_empty") ?? false,
        Weight = step.Number("weight"),
        Priority = step.Integer("priority") ?? 0,
        CompensateWith = step.Text("compensate_with"),
        Steps = ReadSteps(step),
    };

    private List<StepEdge> ReadEdges(MemberReader step)
    {
        var edges = new List<StepEdge>();
        foreach (var (element, path) in step.List("after"))
        {
            if (element.ValueKind == JsonValueKind.String)
            {
                edges.Add(new StepEdge(element.GetString()!));
            }
            else if (element.ValueKind != JsonValueKind.Object)
            {
                MemberReader.WrongType(diagnostics, path, "a step id, or an object with 'step' and 'port'", element);
                edges.Add(new StepEdge(string.Empty));
            }
            else if (MemberReader.Open(element, path, diagnostics, EdgeMembers) is { } edge)
            {
                edges.Add(new StepEdge(edge.Required("step"), edge.Text("port"), edge.Text("when")));
            }
        }

        return edges;
    }

    private RetryPolicy? ReadRetry(MemberReader owner)
    {
        if (owner.Object("retry", RetryMembers) is not { } retry)
        {
            return null;
        }

        var reasons = new List<string>();
        foreach (var (element, path) in retry.List("on"))
        {
            if (element.ValueKind == JsonValueKind.String)
            {
                reasons.Add(element.GetString()!);
            }
            else
            {
                MemberReader.WrongType(diagnostics, path, "a reason", element);
            }
        }

        var policy = RetryPolicy.None;
        return new RetryPolicy
        {
            MaxAttempts = retry.Integer("max_attempts") ?? policy.MaxAttempts,
            Delay = retry.Time("delay") ?? policy.Delay,
            Backoff = retry.Word<Backoff>("backoff") ?? policy.Backoff,
            MaxDelay = retry.Time("max_delay") ?? policy.MaxDelay,
            Jitter = retry.Flag("jitter") ?? policy.Jitter,
            On = reasons,
        };
    }

    private JoinRule ReadJoin(MemberReader step)
    {
        if (step.Json("join") is not { } join)
        {
            return JoinRule.All;
        }

        if (join.ValueKind == JsonValueKind.Object)
        {
            return ReadCount(step.Object("join", JoinMembers)!.Value);
        }

        if (join.ValueKind != JsonValueKind.String)
        {
            MemberReader.WrongType(diagnostics, step.PathOf("join"), "\"all\", \"any\" or { \"count\": 2 }", join);
        }
        else if (join.GetString() is var word && word is not ("all" or "any"))
        {
            diagnostics.Report(FlowProblems.BadWord, step.PathOf("join"), $"{FlowProblems.Quote(word)} is not one of all, any or {{ \"count\": 2 }}.{diagnostics.Hint(word, JoinWords)}");
        }
        else if (word == "any")
        {
            return JoinRule.Any;
        }

        return JoinRule.All;
    }

    private JoinRule ReadCount(MemberReader join)
    {
        var count = join.Integer("count");
        if (count is null && join.Json("count") is null)
        {
            diagnostics.Report(FlowProblems.MissingMember, join.PathOf("count"), "The member 'count' is missing.");
        }
        else if (count < 1)
        {
            diagnostics.Report(FlowProblems.BadJoin, join.PathOf("count"), $"A join waits for at least one edge, not for {count}.");
        }

        return count >= 1 ? JoinRule.Count(count.Value) : JoinRule.All;
    }

    /// <summary>A number of bytes, or a text such as <c>64MB</c> (1 KB = 1024 bytes).</summary>
    private long? ReadSize(MemberReader owner, string name)
    {
        if (owner.Json(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bytes))
        {
            return bytes;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            MemberReader.WrongType(diagnostics, owner.PathOf(name), "a size such as \"64MB\"", value);
            return null;
        }

        var text = value.GetString()!.AsSpan().Trim();
        foreach (var (unit, size) in SizeUnits)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                if (long.TryParse(text[..^unit.Length].TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) && amount <= long.MaxValue / size)
                {
                    return amount * size;
                }

                break;
            }
        }

        diagnostics.Report(FlowProblems.BadSize, owner.PathOf(name), $"{FlowProblems.Quote(value.GetString())} is no size; write 512KB, 64MB or 2GB.");
        return null;
    }
}
