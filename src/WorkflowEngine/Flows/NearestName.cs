namespace WorkflowEngine;

/// <summary>Finds what somebody meant: the known name with the smallest edit distance, if it is near at all.</summary>
internal static class NearestName
{
    private const int LongestWord = 64;
    private const int MostCandidates = 5_000;

    /// <summary>
    /// The nearest of <paramref name="known"/> by edit distance, case ignored, the first one among equals; null when even the nearest differs in more than a third of the letters.
    /// Bounded: long words have no neighbours, and no more than 5,000 candidates are looked at.
    /// </summary>
    public static string? Find(string? word, IEnumerable<string> known)
    {
        if (string.IsNullOrEmpty(word) || word.Length > LongestWord)
        {
            return null;
        }

        string? nearest = null;
        var limit = Math.Max(1, word.Length / 3) + 1;
        foreach (var candidate in known.Take(MostCandidates))
        {
            if (candidate is not null && Math.Abs(candidate.Length - word.Length) < limit)
            {
                var distance = Distance(word, candidate, limit);
                if (distance < limit)
                {
                    limit = distance;
                    nearest = candidate;
                }
            }
        }

        return nearest;
    }

    /// <summary>A sentence to put behind a message, with a blank in front; empty when nothing is near.</summary>
    public static string Hint(string? word, IEnumerable<string> known) => Find(word, known) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;

    /// <summary>The distance, or any number from <paramref name="limit"/> up once it cannot be below. Two neighbours swapped are one edit (optimal string alignment).</summary>
    private static int Distance(string left, string right, int limit)
    {
        var width = right.Length + 1;
        Span<int> rows = stackalloc int[3 * width];
        var earlier = rows[..width];
        var previous = rows.Slice(width, width);
        var current = rows[(2 * width)..];
        for (var column = 0; column < width; column++)
        {
            previous[column] = column;
        }

        var previousBest = 0;
        for (var line = 1; line <= left.Length; line++)
        {
            var best = current[0] = line;
            for (var column = 1; column < width; column++)
            {
                var cost = Same(left[line - 1], right[column - 1]) ? 0 : 1;
                var distance = Math.Min(Math.Min(previous[column], current[column - 1]) + 1, previous[column - 1] + cost);
                if (line > 1 && column > 1 && Same(left[line - 1], right[column - 2]) && Same(left[line - 2], right[column - 1]))
                {
                    distance = Math.Min(distance, earlier[column - 2] + 1);
                }

                current[column] = distance;
                best = Math.Min(best, distance);
            }

            // A swap reaches back two rows, so both must be past the limit.
            if (Math.Min(best, previousBest + 1) >= limit)
            {
                return limit;
            }

            previousBest = best;
            var free = earlier;
            earlier = previous;
            previous = current;
            current = free;
        }

        return previous[right.Length];
    }

    private static bool Same(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);
}
