using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash.Tests;

/// <summary>One job before the judge.</summary>
internal sealed class JobTrial(Scene scene, StoredJob job, List<LedgerLine> effects)
{
    private readonly string _id = job.Creation.Id.ToString();
    private readonly FlowDefinition _flow = MixedFlows.Named(job.Creation.FlowId);
    private readonly Dictionary<string, string> _results = new(StringComparer.Ordinal);

    public int Repeats => effects.Count - effects.Select(effect => (effect.Key, effect.Attempt)).Distinct().Count();

    public IEnumerable<Objection> Objections()
    {
        if (job.Head.Status != JobStatus.Completed)
        {
            yield return Object(Judge.Finished, $"{job.Head.Status}, {job.Head.Data?.Reason}: {job.Head.Data?.Message}");
            yield break;
        }

        foreach (var objection in _flow.Steps.SelectMany(ObjectionsTo).Concat(ObjectionsToOrder()).Concat(ObjectionsToOutput()))
        {
            yield return objection;
        }
    }

    private IEnumerable<Objection> ObjectionsTo(StepDefinition step)
    {
        var own = effects.Where(effect => effect.Path == step.Id).ToList();
        if (own.Count == 0)
        {
            yield return Object(Judge.Happened, $"step {step.Id} completed without an effect");
            yield break;
        }

        if (own.Find(effect => effect.Result != ResultOf(step.Id)) is { } wrong)
        {
            yield return Object(Judge.Reckoned, $"step {step.Id} of owner {wrong.Epoch} made {wrong.Result} of its inputs, not {ResultOf(step.Id)}");
        }

        foreach (var (earlier, later) in own.Zip(own.Skip(1)).Where(pair => pair.First.Key == pair.Second.Key))
        {
            if (later.Attempt < earlier.Attempt || (later.Attempt == earlier.Attempt && later.Epoch <= earlier.Epoch))
            {
                yield return Object(Judge.Repeated, $"step {step.Id}: attempt {later.Attempt} of owner {later.Epoch} after attempt {earlier.Attempt} of owner {earlier.Epoch}");
            }
        }

        var attempts = step.Type == "flaky" ? 2 : 1;
        if (own[^1].Attempt != attempts)
        {
            yield return Object(Judge.Counted, $"step {step.Id} completed in attempt {own[^1].Attempt}, not {attempts}");
        }

        var last = new Mark(step.Id, own[^1].Result!, own[^1].Epoch, own[^1].Attempt);
        foreach (var child in effects.Where(effect => effect.Seen.Any(seen => seen.Step == step.Id && seen with { Ballast = null } != last)))
        {
            yield return Object(Judge.Committed, $"step {child.Path} of owner {child.Epoch} saw {child.Seen.First(seen => seen.Step == step.Id)}, but the last effect was {last}");
        }
    }

    /// <summary>Over the whole job: who was followed by another owner does nothing more, and no child acts before its parents' last effect.</summary>
    private IEnumerable<Objection> ObjectionsToOrder()
    {
        var epoch = 0;
        var done = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < effects.Count; i++)
        {
            if (effects[i].Epoch < epoch)
            {
                yield return Object(Judge.Repeated, $"step {effects[i].Path} of owner {effects[i].Epoch} after an effect of owner {epoch}");
            }

            epoch = Math.Max(epoch, effects[i].Epoch);
            done[effects[i].Path!] = i;
        }

        foreach (var (first, path) in effects.Select((effect, i) => (i, effect.Path!)).DistinctBy(pair => pair.Item2))
        {
            if (Parents(path).Any(parent => !done.TryGetValue(parent, out var last) || last > first))
            {
                yield return Object(Judge.Committed, $"step {path} acted before the last effect of a parent");
            }
        }
    }

    private IEnumerable<Objection> ObjectionsToOutput()
    {
        foreach (var mark in Output().Select(item => item.Get<Mark>()))
        {
            var last = effects.FindLast(effect => effect.Path == mark.Step);
            if (mark.Result != ResultOf(mark.Step) || last?.Epoch != mark.Epoch || last.Attempt != mark.Attempt)
            {
                yield return Object(Judge.Committed, $"the output is of owner {mark.Epoch} with {mark.Result}; the last effect was of owner {last?.Epoch}, {ResultOf(mark.Step)}");
            }
        }
    }

    private DataPacket Output()
        => job.Head.Output.Reference is { } reference ? DataPacket.Parse(File.ReadAllText(Path.Combine(scene.Packets, reference.Location))) : job.Head.Output.Packet ?? DataPacket.Empty;

    private IEnumerable<string> Parents(string step) => _flow.Steps.Single(each => each.Id == step).After.Select(edge => edge.Step);

    /// <summary>The result of a step, reckoned from the flow and the job's number alone.</summary>
    private string ResultOf(string step)
    {
        if (!_results.TryGetValue(step, out var result))
        {
            var parents = Parents(step).ToList();
            result = MixedFlows.Result(_flow.Id, step, parents.Count == 0 ? [$"{job.Creation.Input.Packet!.Get<int>()}"] : parents.Select(ResultOf));
            _results.Add(step, result);
        }

        return result;
    }

    private Objection Object(string rule, string text) => new(rule, _id, $"{_flow.Id} {text}");
}
