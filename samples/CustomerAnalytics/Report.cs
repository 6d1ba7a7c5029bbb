using System.Globalization;
using System.Text;

namespace CustomerAnalytics;

/// <summary>The result as a table for people.</summary>
internal static class Report
{
    public static string Of(IReadOnlyList<CountrySum> sums, DataInfo info)
    {
        var text = new StringBuilder("# Customer analytics\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{info.Records} records of {info.Customers} customers.\n\n| country | records | amount |\n|---|---:|---:|\n");
        foreach (var sum in sums)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {sum.Country} | {sum.Records} | {sum.Amount:0.00} |\n");
        }

        return text.ToString();
    }
}
