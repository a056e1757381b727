"""What a program written with msgraph-sdk does with the settings of a mailbox."""

import datetime
import unittest

from msgraph.generated.models.automatic_replies_setting import AutomaticRepliesSetting
from msgraph.generated.models.automatic_replies_status import AutomaticRepliesStatus
from msgraph.generated.models.category_color import CategoryColor
from msgraph.generated.models.custom_time_zone import CustomTimeZone
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.external_audience_scope import ExternalAudienceScope
from msgraph.generated.models.inference_classification_override import InferenceClassificationOverride
from msgraph.generated.models.inference_classification_type import InferenceClassificationType
from msgraph.generated.models.locale_info import LocaleInfo
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.outlook_category import OutlookCategory
from msgraph.generated.models.standard_time_zone_offset import StandardTimeZoneOffset
from msgraph.generated.models.daylight_time_zone_offset import DaylightTimeZoneOffset
from msgraph.generated.models.user_purpose import UserPurpose
from msgraph.generated.models.working_hours import WorkingHours
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (
    TranslateExchangeIdsPostRequestBody,
)
from people import signed_in


class Settings(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.settings = signed_in("MeganB").me.mailbox_settings
        self.outlook = signed_in("MeganB").me.outlook
        self.overrides = signed_in("MeganB").me.inference_classification.overrides

    async def test_settings_are_read_and_set_member_by_member(self):
        found = await self.settings.get()
        self.assertEqual(found.user_purpose, UserPurpose.User)
        self.assertEqual(found.automatic_replies_setting.status, AutomaticRepliesStatus.Disabled)
        self.assertEqual(found.working_hours.start_time, datetime.time(8))
        replies = AutomaticRepliesSetting(
            status=AutomaticRepliesStatus.Scheduled,
            external_audience=ExternalAudienceScope.All,
            internal_reply_message="Away",
            scheduled_start_date_time=DateTimeTimeZone(date_time="2030-07-01T08:00:00", time_zone="Europe/Berlin"),
            scheduled_end_date_time=DateTimeTimeZone(date_time="2030-07-08T08:00:00", time_zone="Europe/Berlin"),
        )
        changed = await self.settings.patch(MailboxSettings(time_zone="Tokyo Standard Time", automatic_replies_setting=replies))
        self.assertEqual((changed.time_zone, changed.date_format), ("Tokyo Standard Time", None))
        self.assertEqual(changed.automatic_replies_setting.scheduled_start_date_time.date_time, "2030-07-01T06:00:00.0000000")
        await self.settings.patch(MailboxSettings(language=LocaleInfo(locale="ja-JP")))
        found = await self.settings.get()
        self.assertEqual((found.time_zone, found.language.display_name), ("Tokyo Standard Time", "日本語 (日本)"))
        self.assertEqual(found.automatic_replies_setting.internal_reply_message, "Away")
        self.assertEqual(found.automatic_replies_setting.external_audience, ExternalAudienceScope.All)

    async def test_working_hours_have_a_zone_of_somebodys_own(self):
        turn = {"time": datetime.time(2), "day_occurrence": 2, "day_of_week": DayOfWeek.Sunday, "year": 0}
        zone = CustomTimeZone(
            odata_type="#microsoft.graph.customTimeZone",
            bias=-300,
            name="Ours",
            standard_offset=StandardTimeZoneOffset(month=10, **turn),
            daylight_offset=DaylightTimeZoneOffset(month=3, daylight_bias=60, **turn),
        )
        hours = WorkingHours(days_of_week=[DayOfWeek.Monday, DayOfWeek.Saturday], end_time=datetime.time(18, 30), time_zone=zone)
        await self.settings.patch(MailboxSettings(working_hours=hours))
        found = (await self.settings.get()).working_hours
        self.assertEqual((found.days_of_week, found.end_time), (hours.days_of_week, hours.end_time))
        self.assertIsInstance(found.time_zone, CustomTimeZone)
        self.assertEqual((found.time_zone.bias, found.time_zone.daylight_offset.daylight_bias), (-300, 60))
        with self.assertRaises(ODataError) as refused:
            await self.settings.patch(MailboxSettings(working_hours=WorkingHours(start_time=datetime.time(19))))
        self.assertEqual(refused.exception.error.code, "ErrorInvalidTimeSettings")

    async def test_zones_and_languages_are_offered(self):
        zones = (await self.outlook.supported_time_zones.get()).value
        self.assertIn("Tokyo Standard Time", [zone.alias for zone in zones])
        iana = await self.outlook.supported_time_zones_with_time_zone_standard("Iana").get()
        self.assertIn("Asia/Tokyo", [zone.alias for zone in iana.value])
        languages = (await self.outlook.supported_languages.get()).value
        self.assertIn(("ja-JP", "日本語 (日本)"), [(one.locale, one.display_name) for one in languages])

    async def test_categories_are_listed_made_recolored_and_deleted(self):
        categories = self.outlook.master_categories
        names = [one.display_name for one in (await categories.get()).value]
        self.assertIn("Red category", names)
        made = await categories.post(OutlookCategory(display_name="Made by Python", color=CategoryColor.Preset9))
        recolored = await categories.by_outlook_category_id(made.id).patch(OutlookCategory(color=CategoryColor.Preset15))
        self.assertEqual((recolored.display_name, recolored.color), ("Made by Python", CategoryColor.Preset15))
        with self.assertRaises(ODataError) as refused:
            await categories.post(OutlookCategory(display_name="made by python"))
        self.assertEqual(refused.exception.response_status_code, 409)
        await categories.by_outlook_category_id(made.id).delete()
        self.assertEqual([one.display_name for one in (await categories.get()).value], names)
        self.assertEqual(await categories.count.get(), len(names))

    async def test_senders_are_classified(self):
        sender = EmailAddress(name="News", address="python@elsewhere.example")
        said = InferenceClassificationOverride(classify_as=InferenceClassificationType.Other, sender_email_address=sender)
        made = await self.overrides.post(said)
        again = await self.overrides.post(said)
        self.assertEqual(again.id, made.id)
        changed = InferenceClassificationOverride(classify_as=InferenceClassificationType.Focused)
        one = self.overrides.by_inference_classification_override_id(made.id)
        self.assertEqual((await one.patch(changed)).classify_as, InferenceClassificationType.Focused)
        listed = [found.sender_email_address.address for found in (await self.overrides.get()).value]
        self.assertEqual(listed, ["python@elsewhere.example"])
        await one.delete()
        self.assertEqual(await self.overrides.count.get(), 0)

    async def test_ids_are_translated_and_back(self):
        me = signed_in("MeganB").me
        inbox = (await me.mail_folders.by_mail_folder_id("inbox").get()).id

        async def translated(name, source, target):
            body = TranslateExchangeIdsPostRequestBody(input_ids=[name], source_id_type=source, target_id_type=target)
            return (await me.translate_exchange_ids.post(body)).value[0]

        entry = await translated(inbox, ExchangeIdFormat.RestId, ExchangeIdFormat.EntryId)
        self.assertEqual(entry.source_id, inbox)
        back = await translated(entry.target_id, ExchangeIdFormat.EntryId, ExchangeIdFormat.RestImmutableEntryId)
        self.assertEqual(back.target_id, inbox)
        bad = await translated("no id", ExchangeIdFormat.RestId, ExchangeIdFormat.EwsId)
        self.assertEqual((bad.target_id, bad.error_details.code), (None, "ErrorInvalidIdMalformed"))
