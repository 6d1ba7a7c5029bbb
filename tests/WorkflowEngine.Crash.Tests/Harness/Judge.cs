using WorkflowEngine.Storage;

namespace WorkflowEngine.Crash.Tests;

/// <summary>What the judge has against a run.</summary>
internal sealed record Objection(string Rule, string Job, string Text);

/// <summary>
/// Compares the ledger, which knows what happened, with the store, which knows what was committed. Knows nothing of the engine but its promises:
/// each rule is one of them, and a negative control shows that it can be broken.
/// </summary>
internal sealed class Judge(Scene scene)
{
    public const string Lost = "an accepted job is in the store";
    public const string Finished = "every job has ended well";
    public const string Happened = "a completed step has had its effect";
    public const string Repeated = "an effect is repeated only by a later owner or attempt";
    public const string Committed = "the outcome that counts is that of the last effect";
    public const string Reckoned = "every result is what the inputs make it";
    public const string Counted = "a death counts as no attempt";
    public const string Tidy = "nothing is left behind";
    public const string Told = "the events of a job have no gap";

    private readonly List<Objection> _objections = [];

    /// <summary>How many jobs the store holds.</summary>
    public int Jobs { get; private set; }

    /// <summary>How many starts were acknowledged.</summary>
    public int Accepted { get; private set; }

    /// <summary>How many effects the ledger holds.</summary>
    public int Effects { get; private set; }

    /// <summary>How many of them repeat an attempt whose outcome had not been committed.</summary>
    public int Repeats { get; private set; }

    public IReadOnlyList<Objection> Objections => _objections;

    public static async Task<Judge> HearAsync(Scene scene)
    {
        var judge = new Judge(scene);
        await judge.HearAsync();
        return judge;
    }

    private async Task HearAsync()
    {
        var ledger = scene.Ledger();
        var effects = ledger.Where(line => line.Kind == LedgerLine.Effect).ToLookup(line => line.Job!, StringComparer.Ordinal);
        var accepted = ledger.Where(line => line.Kind == LedgerLine.Accepted).Select(line => line.Job!).ToHashSet(StringComparer.Ordinal);
        Accepted = accepted.Count;
        await using var store = scene.OpenStore();
        for (JobId? after = null; ;)
        {
            var page = await store.ListAsync(new JobQuery { After = after, Limit = 1000 }, default);
            foreach (var listed in page.Jobs)
            {
                Jobs++;
                accepted.Remove(listed.Creation.Id.ToString());
                var job = (await store.LoadAsync(listed.Creation.Id, JobParts.Steps, default))!;
                if (!HarmfulFlows.IsOne(job.Creation.FlowId))
                {
                    Hear(job, [.. effects[job.Creation.Id.ToString()]]);
                }
            }

            if (page.Next is null)
            {
                break;
            }

            after = page.Next;
        }

        _objections.AddRange(accepted.Select(job => new Objection(Lost, job, "not in the store")));
        HearLeftovers();
    }

    private void Hear(StoredJob job, List<LedgerLine> effects)
    {
        var trial = new JobTrial(scene, job, effects);
        _objections.AddRange(trial.Objections());
        Effects += effects.Count;
        Repeats += trial.Repeats;
    }

    private void HearLeftovers()
    {
        (string What, string Sql)[] leftovers =
        [
            ("ended jobs with an owner", "select count(*) from jobs where owner is not null and status >= 4"),
            ("open jobs", "select count(*) from jobs where status < 4"),
            ("untaken messages", "select count(*) from inbox where body is not null"),
            ("steps of no job", "select count(*) from steps where job_id not in (select id from jobs)"),
            ("events of no job", "select count(*) from events where job_id not in (select id from jobs)"),
        ];
        _objections.AddRange(leftovers.Select(leftover => (leftover.What, Number: scene.Count(leftover.Sql))).Where(leftover => leftover.Number > 0)
            .Select(leftover => new Objection(Tidy, string.Empty, $"{leftover.Number} {leftover.What}")));
        var gaps = scene.Count("""
            select count(*) from (select job_id, first_sequence, lag(first_sequence + count, 1, 1) over (partition by job_id order by first_sequence) as expected from events)
            where first_sequence <> expected
            """);
        var wrong = scene.Count("select count(*) from jobs j where sequence <> (select coalesce(sum(count), 0) from events e where e.job_id = j.id)");
        if (gaps + wrong > 0)
        {
            _objections.Add(new Objection(Told, string.Empty, $"{gaps} gaps, {wrong} jobs with too few or too many"));
        }
    }
}
