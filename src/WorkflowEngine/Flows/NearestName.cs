namespace WorkflowEngine;

/// <summary>Finds what somebody meant: the known name with the smallest edit distance, if it is near at all.</summary>
internal static class NearestName
{
    private const int LongestWord = 64;
    private const int MostCandidates = 5_000;

    /// <summary>
    /// The nearest of <paramref name="known"/> by Levenshtein distance, case ignored, the first one among equals; null when even the nearest differs in more than a third of the letters.
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

    /// <summary>The Levenshtein distance, or any number from <paramref name="limit"/> up once it cannot be below.</summary>
    private static int Distance(string left, string right, int limit)
    {
        Span<int> row = stackalloc int[right.Length + 1];
        for (var column = 0; column <= right.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 1; line <= left.Length; line++)
        {
            var diagonal = row[0];
            var best = row[0] = line;
            for (var column = 1; column <= right.Length; column++)
            {
                var cost = char.ToLowerInvariant(left[line - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1;
                var distance = Math.Min(Math.Min(row[column], row[column - 1]) + 1, diagonal + cost);
                diagonal = row[column];
                row[column] = distance;
                best = Math.Min(best, distance);
            }

            if (best >= limit)
            {
                return limit;
            }
        }

        return row[right.Length];
    }
}
