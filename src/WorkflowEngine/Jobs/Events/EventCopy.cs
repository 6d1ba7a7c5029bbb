using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Events that were read, written again as one row: how they move from store to store.</summary>
internal static class EventCopy
{
    private static readonly Dictionary<string, EventKind> Kinds = Enum.GetValues<EventKind>().ToDictionary(EventCode.WordOf, StringComparer.Ordinal);
    private static readonly Dictionary<string, JobStatus> JobWords = Enum.GetValues<JobStatus>().ToDictionary(status => status.ToWord(), StringComparer.Ordinal);
    private static readonly Dictionary<string, StepStatus> StepWords = Enum.GetValues<StepStatus>().ToDictionary(status => status.ToWord(), StringComparer.Ordinal);

    /// <exception cref="FormatException">An event has a type or status that this version does not know.</exception>
    public static void Write(EventWriter writer, JobId job, IReadOnlyList<JobEvent> events)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var happened in events)
        {
            var kind = Kinds.TryGetValue(happened.Type ?? string.Empty, out var known) ? known : throw new FormatException($"'{happened.Type}' is not a type of event that this version knows.");
            var notes = NotesOf(happened);
            if (happened.StepPath is { } read)
            {
                if (!paths.TryGetValue(read, out var path))
                {
                    paths[read] = path = read; // The writer tells equal paths by identity.
                }

                WriteStep(writer, job, happened, kind, path, notes);
            }
            else if (happened.To is { } to)
            {
                writer.Job(kind, job, happened.Timestamp.UtcTicks, happened.From is { } from ? Status(JobWords, from) : JobStatus.Pending, Status(JobWords, to), happened.Attempt ?? 0, notes);
            }
            else
            {
                writer.Note(kind, job, happened.Timestamp.UtcTicks, null, notes ?? new EventNotes());
            }
        }
    }

    private static void WriteStep(EventWriter writer, JobId job, JobEvent happened, EventKind kind, string path, EventNotes? notes)
    {
        if (kind == EventKind.VariableSet)
        {
            writer.Note(kind, job, happened.Timestamp.UtcTicks, path, notes ?? new EventNotes());
            return;
        }

        // Where nothing changed neither word is written.
        var from = happened.From is { } word ? Status(StepWords, word) : StepStatus.Pending;
        writer.Step(kind, job, happened.Timestamp.UtcTicks, path, from, happened.To is { } to ? Status(StepWords, to) : from, happened.Attempt ?? 0, notes);
    }

    private static T Status<T>(Dictionary<string, T> words, string word) => words.TryGetValue(word, out var status) ? status : throw new FormatException($"'{word}' is not a status.");

    private static EventNotes? NotesOf(JobEvent happened)
        => happened is { Actor: null, Reason: null, Message: null, Data: null, Node: null } ? null
            : new EventNotes(happened.Actor, happened.Reason, happened.Message, happened.Data is { ValueKind: not JsonValueKind.Undefined } data ? data : null, happened.Node);
}
