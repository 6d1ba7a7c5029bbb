using System.Text.Json;
using WorkflowEngine.Tests.Data;

namespace WorkflowEngine.Tests.Flows.Expressions;

public sealed class ValueJsonTests
{
    [Fact]
    public void Packet_OfAnyItems_IsTheJsonOfThePacket()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var packet = new RandomJson(seed).Packet();

            ValueJson.TryToElement(ExpressionValue.Of(new PacketList(packet)), out var element).Should().BeTrue();

            JsonElement.DeepEquals(element, JsonElement.Parse(packet.ToJson())).Should().BeTrue("of seed {0}", seed);
        }
    }

    [Theory]
    [InlineData("variables.list")]
    [InlineData("variables.map.b")]
    [InlineData("variables.raw")]
    public void Json_ThatIsHandedOn_KeepsItsVeryCharacters(string text)
    {
        var source = Expressions.Evaluate(text);

        Expressions.Evaluate($"[{text}]").Should().Be($"[{source}]");
        Expressions.Evaluate($"true ? {text} : null").Should().Be(source);
    }

    [Fact]
    public void Number_ThatWasMade_IsReadBackAsItsType()
        => Expressions.Evaluate("[1 + 1, 1.0 + 1, 1e307 + 0, 0.1 + 0.2, -0.0, double(3)]").Should().Be("[2,2.0,1E+307,0.30000000000000004,-0.0,3.0]");
}
