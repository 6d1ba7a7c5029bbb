namespace WorkflowEngine.Tests.Flows;

public sealed class FlowCatalogTests
{
    private static readonly FlowDefinition First = Sample.Flow(Sample.Step("a"));
    private static readonly FlowDefinition Second = Sample.Flow(Sample.Step("a"), Sample.Step("b"));

    private readonly FlowCatalog _catalog = new(Sample.Registry);

    [Fact]
    public async Task Add_NewContent_BecomesActiveAndKeepsTheOldVersion()
    {
        await _catalog.AddAsync(First);

        var version = await _catalog.AddAsync(Second);

        version.Should().Be(Second.Version);
        (await _catalog.FindAsync("sample")).Should().BeSameAs(Second);
        (await _catalog.FindAsync("sample", First.Version)).Should().BeSameAs(First);
        _catalog.TryGet("sample", First.Version, out var flow).Should().BeTrue();
        flow!.Steps.Should().ContainSingle();
    }

    [Fact]
    public void Add_KnownContentAgain_NeverMovesActiveBack()
    {
        var first = _catalog.Add(First);
        _catalog.Add(Second);

        var again = _catalog.Add(First with { });

        again.Should().BeSameAs(first);
        _catalog.GetActive("sample").Version.Should().Be(Second.Version);
    }

    [Fact]
    public async Task Add_InvalidFlow_AddsNothing()
    {
        await FluentActions.Awaiting(() => _catalog.AddAsync(Sample.Flow())).Should().ThrowAsync<FlowValidationException>();

        _catalog.TryGetActive("sample", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Find_UnknownFlowOrVersion_IsNull()
    {
        _catalog.Add(First);

        (await _catalog.FindAsync("other")).Should().BeNull();
        (await _catalog.FindAsync("sample", "0000000000000000")).Should().BeNull();
    }

    [Fact]
    public void GetActive_UnknownFlow_NamesTheNearest()
    {
        _catalog.Add(First);

        FluentActions.Invoking(() => _catalog.GetActive("sampel")).Should().Throw<FlowNotFoundException>().WithMessage("*'sample'*");
    }

    [Fact]
    public async Task List_SeveralFlows_GivesActiveVersionsInOrder()
    {
        _catalog.Add(First);
        _catalog.Add(Second with { Name = "Sample" });
        _catalog.Add(First with { Id = "another" });

        var flows = await _catalog.ListAsync().ToListAsync();

        flows.Select(flow => (flow.Id, flow.Name, flow.StepCount, flow.VersionCount)).Should().Equal(("another", null, 1, 1), ("sample", "Sample", 2, 2));
    }

    [Fact]
    public void Add_ManyVersionsAtOnce_LosesNone()
    {
        Parallel.For(0, 200, number => _catalog.Add(First with { Name = $"v{number}" }));

        _catalog.GetActive("sample").Should().NotBeNull();
        Enumerable.Range(0, 200).Select(number => _catalog.TryGet("sample", (First with { Name = $"v{number}" }).Version, out _)).Should().NotContain(false);
    }
}
