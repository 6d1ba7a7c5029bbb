namespace WorkflowEngine.Testing.Conformance;

/// <summary>Definitions by kind and name.</summary>
public abstract class Defining : StoreContract
{
    /// <summary>What was saved is found by kind and by name, and a later saving replaces it.</summary>
    [Fact]
    public async Task Save_ThenFind_GivesTheLatest()
    {
        await SaveAsync(new("flow", "b", "1"), new("flow", "a", "é😀\n" + new string('x', 1 << 20)), new("pipeline", "a", "3"));
        await SaveAsync(new StoredDefinition("flow", "b", "2"));
        await ReopenAsync();

        Assert.Equal(["a", "b"], (await FindAsync("flow")).Select(definition => definition.Name));
        Assert.Equal(new StoredDefinition("flow", "b", "2"), Assert.Single(await FindAsync("flow", "b")));
        Assert.Equal("é😀\n" + new string('x', 1 << 20), Assert.Single(await FindAsync("flow", "a")).Body);
        Assert.Equal("3", Assert.Single(await FindAsync("pipeline")).Body);
    }

    /// <summary>What is not there is not found; names are exact.</summary>
    [Fact]
    public async Task Find_OfUnknown_IsEmpty()
    {
        await SaveAsync(new StoredDefinition("flow", "a", "1"));

        Assert.Empty(await FindAsync("flow", "A"));
        Assert.Empty(await FindAsync("nothing"));
    }

    private async Task SaveAsync(params StoredDefinition[] definitions) => await Store.SaveDefinitionsAsync(definitions, CancellationToken.None);

    private async Task<IReadOnlyList<StoredDefinition>> FindAsync(string kind, string? name = null) => await Store.FindDefinitionsAsync(kind, name, CancellationToken.None);
}
