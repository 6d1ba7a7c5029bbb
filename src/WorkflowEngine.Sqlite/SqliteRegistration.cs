using Microsoft.Data.Sqlite;
using WorkflowEngine;
using WorkflowEngine.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the SQLite store.</summary>
public static class SqliteRegistration
{
    /// <summary>Keeps jobs in a SQLite file, for example <c>Data Source=workflow.db</c>: they survive <c>kill -9</c> and power loss. Large packets go to <c>FILE-packets/</c> beside it.</summary>
    public static IWorkflowEngineBuilder UseSqlite(this IWorkflowEngineBuilder builder, string connectionString) => builder.UseSqlite(new SqliteStoreOptions { ConnectionString = connectionString });

    /// <summary>Keeps jobs in a SQLite file, and large packets in <c>FILE-packets/</c> beside it unless <c>UseFilePackets</c> or <c>UsePackets</c> says otherwise.</summary>
    public static IWorkflowEngineBuilder UseSqlite(this IWorkflowEngineBuilder builder, SqliteStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        var file = new SqliteConnectionStringBuilder(options.ConnectionString).DataSource;
        return builder.UseStore(services => new SqliteStore(options, services.GetService<TimeProvider>() ?? TimeProvider.System), file.Length == 0 ? null : SqliteFile.Locate(file) + "-packets");
    }
}
