using System.Globalization;

namespace CustomerAnalytics;

/// <summary>One purchase.</summary>
internal sealed record CustomerRecord(int Customer, string Country, decimal Amount);

/// <summary>A CSV file of purchases: <c>customer,country,amount</c>.</summary>
internal static class CustomerFile
{
    private const string Header = "customer,country,amount";

    private static readonly string[] Countries = ["AT", "BR", "CH", "DE", "ES", "FR", "GB", "IN", "JP", "US"];

    /// <summary>Makes a file of 45,000 purchases of 1,500 customers, always the same ones.</summary>
    public static void MakeWhenMissing(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var unfinished = $"{path}.part";
        using (var file = new StreamWriter(unfinished))
        {
            file.WriteLine(Header);
            for (var i = 0; i < 45_000; i++)
            {
                var customer = (i * 7919 % 1500) + 1;
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{customer},{Countries[customer % Countries.Length]},{(i * 31 % 10_000) / 100m:0.00}"));
            }
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>The records, read line by line.</summary>
    /// <exception cref="FormatException">Names the line.</exception>
    public static IEnumerable<CustomerRecord> Read(string path)
    {
        var number = 1;
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            number++;
            var cells = line.Split(',');
            yield return cells.Length == 3
                && int.TryParse(cells[0], NumberStyles.None, CultureInfo.InvariantCulture, out var customer)
                && decimal.TryParse(cells[2], NumberStyles.Number, CultureInfo.InvariantCulture, out var amount)
                    ? new CustomerRecord(customer, cells[1], amount)
                    : throw new FormatException($"Line {number} of {path} is no record: '{Header}' is expected.");
        }
    }
}
