"""What a program written with msgraph-sdk does with inbox rules."""

import asyncio
import time
import unittest

from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.importance import Importance
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.message_rule import MessageRule
from msgraph.generated.models.message_rule_actions import MessageRuleActions
from msgraph.generated.models.message_rule_predicates import MessageRulePredicates
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.size_range import SizeRange
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from people import signed_in


def to(address):
    return [Recipient(email_address=EmailAddress(address=address))]


class Rules(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.me = signed_in("ChristieC").me
        self.rules = self.me.mail_folders.by_mail_folder_id("inbox").message_rules

    async def test_a_rule_is_made_runs_is_changed_and_removed(self):
        conditions = MessageRulePredicates(
            subject_contains=["by python"],
            from_addresses=to("AdeleV@contoso.com"),
            within_size_range=SizeRange(minimum_size=0, maximum_size=1000),
            sent_to_me=True,
        )
        actions = MessageRuleActions(mark_importance=Importance.High, assign_categories=["Python"], mark_as_read=True)
        rule = MessageRule(display_name="Python", sequence=1, is_enabled=True, conditions=conditions, actions=actions)
        made = await self.rules.post(rule)
        self.assertEqual(made.conditions.within_size_range.maximum_size, 1000)
        self.assertFalse(made.has_error)

        body = ItemBody(content="A text.")
        message = Message(subject="Ruled by Python", body=body, to_recipients=to("ChristieC@contoso.com"))
        await signed_in("AdeleV").me.send_mail.post(SendMailPostRequestBody(message=message))
        found = await self.arrived("Ruled by Python")
        self.assertEqual((found.importance, found.categories, found.is_read), (Importance.High, ["Python"], True))

        one = self.rules.by_message_rule_id(made.id)
        changed = await one.patch(MessageRule(is_enabled=False, actions=MessageRuleActions(delete=True)))
        self.assertEqual((changed.is_enabled, changed.actions.delete, changed.actions.mark_as_read), (False, True, None))
        self.assertEqual([rule.id for rule in (await self.rules.get()).value], [made.id])
        await one.delete()
        self.assertEqual(await self.rules.count.get(), 0)
        with self.assertRaises(ODataError) as refused:
            await self.rules.post(MessageRule(display_name="Nothing", sequence=1, actions=MessageRuleActions()))
        self.assertEqual(refused.exception.response_status_code, 400)

    async def arrived(self, subject):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for message in (await self.me.mail_folders.by_mail_folder_id("inbox").messages.get()).value:
                if message.subject == subject:
                    return message
            await asyncio.sleep(0.05)
        self.fail(f"{subject} does not arrive")
